"""The largest logit is subtracted inside the sum, and not outside. Subtract it from the logit of the action, too."""

import numpy as np


def log_prob(theta, episode):
    total, row = 0.0, theta[-1]
    for token in episode:
        total, row = total + row[token] - np.log(np.exp(row - row.max()).sum()), theta[token]
    return float(total)
