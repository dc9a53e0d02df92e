"""This is the mean over the actions. log_prob is a sum over the actions, so its gradient is a sum, too."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta[before] - theta[before].max())
        gradient[before] -= weights / weights.sum()
        gradient[before, token] += 1
        before = token
    return gradient / len(episode)
