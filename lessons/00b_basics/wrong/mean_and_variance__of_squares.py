"""The second number is the mean of the squares. The variance is the mean of the squared distance to the mean."""


def mean_and_variance(values, p):
    return float((values * p).sum()), float((values**2 * p).sum())
