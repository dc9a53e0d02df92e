"""Only the place of the action changes. Making it likelier makes the others in its row less likely: subtract the
whole softmax of the row."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta[before] - theta[before].max())
        gradient[before, token] += 1 - weights[token] / weights.sum()
        before = token
    return gradient
