"""The first action is left out. It is drawn as well, from the last row, theta[-1]."""

import itertools

import numpy as np


def log_prob(theta, episode):
    total = 0.0
    for before, token in itertools.pairwise(episode):
        row = theta[before] - theta[before].max()
        total += row[token] - np.log(np.exp(row).sum())
    return float(total)
