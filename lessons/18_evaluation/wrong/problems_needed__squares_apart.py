"""The squares of 1.96 and 0.84 are added. The two numbers are added first: (1.96 + 0.84)²."""


def problems_needed(difference, p):
    return math.ceil((1.96**2 + 0.84**2) * 2 * p * (1 - p) / difference**2)
