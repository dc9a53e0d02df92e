"""A probability below 0.001 has to count as 0.001. Without this, log 0 is an error, and a single answer could cost any
number of points."""


def points(beliefs, truth, spent):
    return 100 * (1 + math.log(beliefs[truth]) / math.log(len(beliefs))) - spent
