"""The sum goes over the whole table. The probabilities of one row add up to 1: each row has a sum of its own."""

import numpy as np


def log_prob(theta, episode):
    total, before = 0.0, -1
    largest = theta.max()
    for token in episode:
        total += theta[before, token] - largest - np.log(np.exp(theta - largest).sum())
        before = token
    return float(total)
