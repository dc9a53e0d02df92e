"""This is the standard deviation of a single sample. A mean of n samples is closer to the truth, by the square
root of n."""

import numpy as np


def standard_error(samples):
    return float(np.std(samples))
