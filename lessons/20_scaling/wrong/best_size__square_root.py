"""This is the root of N D: as many parameters as tokens, whatever the law says."""


def best_size(budget, A, alpha, B, beta):
    return math.sqrt(budget / 6)
