"""Where an episode visits the same row twice, the first visit is overwritten. Add to the gradient."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        e = np.exp(theta[before] - theta[before].max())
        gradient[before] = -e / e.sum()
        gradient[before, token] += 1
        before = token
    return gradient
