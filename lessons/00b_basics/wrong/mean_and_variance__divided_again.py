"""The weighted values are divided by their number as well. The probabilities add up to 1, so their weighted sum is
the mean already: use sum and not mean."""


def mean_and_variance(values, p):
    mean = float((values * p).mean())
    return mean, float(((values - mean) ** 2 * p).mean())
