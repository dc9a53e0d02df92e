"""This is the error for two models on different problems. That some problems are hard for both models cancels in the
differences: take the deviation of after - before."""

import numpy as np


def paired(before, after):
    n = len(before)
    error = np.sqrt(before.var(ddof=1) / n + after.var(ddof=1) / n)
    return float(after.mean() - before.mean()), float(error)
