"""This works on columns: axis 0 runs down the rows. The numbers of one row belong together, and they lie along
the last axis."""

import numpy as np


def log_sum_exp(x):
    m = x.max(axis=0)
    return np.log(np.exp(x - m).sum(axis=0)) + m
