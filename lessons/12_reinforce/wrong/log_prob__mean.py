"""This is the mean over the actions. The probability of an episode is a product, so its logarithm is the sum."""

import numpy as np


def log_prob(theta, episode):
    total, before = 0.0, -1
    for token in episode:
        row = theta[before] - theta[before].max()
        total, before = total + row[token] - np.log(np.exp(row).sum()), token
    return float(total / len(episode))
