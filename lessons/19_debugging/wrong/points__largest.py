"""This is the largest probability in beliefs, whatever the truth is. Only what was put on the true cause counts."""


def points(beliefs, truth, spent):
    p = max(*beliefs.values(), 0.001)
    return 100 * (1 + math.log(p) / math.log(len(beliefs))) - spent
