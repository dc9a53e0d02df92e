"""This is how far the difference of a single problem lies from the mean. The mean itself is off by less, by the root of
the number of problems."""

import numpy as np


def paired(before, after):
    difference = after - before
    return float(difference.mean()), float(np.std(difference, ddof=1))
