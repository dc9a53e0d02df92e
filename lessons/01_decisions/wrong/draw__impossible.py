"""This can pick an action whose probability is 0: where the running sum equals u, the interval is over. The sum
has to be greater than u, not equal to it."""

import numpy as np


def draw(pi, u):
    return min(int(np.searchsorted(np.cumsum(pi), u, side="left")), len(pi) - 1)
