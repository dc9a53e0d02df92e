"""The largest number is subtracted a second time at the end. It was taken away inside the exponential, so it
has to be added again: m + log(sum of e^(x - m))."""

import numpy as np


def log_sum_exp(x):
    m = x.max(axis=-1, keepdims=True)
    return np.log(np.exp(x - m).sum(axis=-1)) - m[:, 0]
