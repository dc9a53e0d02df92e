"""Inside costs nothing, and outside costs a fixed sum. Then the widest interval is always the best: the width has to
cost something too."""


def interval_score(low, high, sure, outcome):
    return 0.0 if low <= outcome <= high else 2 / (1 - sure / 100)
