"""Each action is looked up in its own row. It was drawn from the row of the token before it: this is off by one
place."""

import numpy as np


def log_prob(theta, episode):
    total = 0.0
    for token in episode:
        row = theta[token] - theta[token].max()
        total += row[token] - np.log(np.exp(row).sum())
    return float(total)
