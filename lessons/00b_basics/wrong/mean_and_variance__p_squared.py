"""The values are multiplied by p before the distance is taken and squared. Take the distance of the value itself,
square it, and then multiply by p."""


def mean_and_variance(values, p):
    mean = float((values * p).sum())
    return mean, float(((values * p - mean) ** 2).sum())
