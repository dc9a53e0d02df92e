"""The beliefs come in any order. Sort them before you leave out the first and the last ones."""


def best_interval(beliefs, sure):
    out = len(beliefs) * (100 - sure) // 200
    return beliefs[out], beliefs[-1 - out]
