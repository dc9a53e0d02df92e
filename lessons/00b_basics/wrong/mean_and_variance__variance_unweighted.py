"""The mean is right. In the variance all values count the same: weigh each squared distance with its probability,
too."""


def mean_and_variance(values, p):
    mean = float((values * p).sum())
    return mean, float(((values - mean) ** 2).mean())
