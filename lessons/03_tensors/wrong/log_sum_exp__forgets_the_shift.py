"""The largest number was subtracted and never added again. log(e^m s) is m + log s."""

import numpy as np


def log_sum_exp(x):
    return np.log(np.exp(x - x.max(axis=-1, keepdims=True)).sum(axis=-1))
