"""Rounding has left the sum of all probabilities at u or below, so no interval contains u, and nothing is returned.
Take the last action whose probability is not 0."""

import numpy as np


def draw(pi, u):
    for action, end in enumerate(np.cumsum(pi)):
        if end > u:
            return action
