"""The largest numbers have the shape (N,) here, and NumPy lines them up with the columns: from x[i, j] it
subtracts the largest number of row j. Make them a column, with keepdims=True or [:, None]."""

import numpy as np


def log_sum_exp(x):
    m = x.max(axis=-1)
    return np.log(np.exp(x - m).sum(axis=-1)) + m
