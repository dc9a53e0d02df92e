"""The second number is the mean of the distances without their signs. The variance squares the distances."""


def mean_and_variance(values, p):
    mean = float((values * p).sum())
    return mean, float((abs(values - mean) * p).sum())
