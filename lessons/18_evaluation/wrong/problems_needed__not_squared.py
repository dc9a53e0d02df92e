"""The difference is not squared. Half the difference takes four times as many problems."""


def problems_needed(difference, p):
    return math.ceil((1.96 + 0.84) ** 2 * 2 * p * (1 - p) / difference)
