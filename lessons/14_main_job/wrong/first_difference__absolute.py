"""The distance is compared with the tolerance alone, whatever the size of the numbers. For a loss of 0.001 that
forgives nearly everything, for one of 100 nearly nothing."""


def first_difference(mine, theirs, tolerance):
    for index, (a, b) in enumerate(zip(mine, theirs)):
        if not abs(a - b) <= tolerance:
            return index
    return None
