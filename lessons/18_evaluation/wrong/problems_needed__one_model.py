"""The factor 2 is missing. Both models are uncertain, and the variances of their shares add up."""


def problems_needed(difference, p):
    return math.ceil((1.96 + 0.84) ** 2 * p * (1 - p) / difference**2)
