"""These are distances of probabilities. A step from 0.50 to 0.51 hardly matters, one from 0.00 to 0.01 is a new word.
The logarithm of the ratio tells them apart."""

import numpy as np


def moved(before, after):
    return np.abs(after - before).sum(axis=1)
