"""The second number is the standard deviation, the square root of the variance."""

import numpy as np


def mean_and_variance(values, p):
    mean = float((values * p).sum())
    return mean, float(np.sqrt(((values - mean) ** 2 * p).sum()))
