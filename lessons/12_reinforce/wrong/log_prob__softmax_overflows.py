"""e^1000 is larger than any floating-point number, and infinity divided by infinity is no number (nan). Do not form
the probability: log pi is (z(a) - m) - log of the sum of e^(z - m), with m the largest logit of the row."""

import numpy as np


def log_prob(theta, episode):
    total, row = 0.0, theta[-1]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for token in episode:
            weights = np.exp(row)
            total, row = total + np.log((weights / weights.sum())[token]), theta[token]
    return float(total)
