"""Every action adds to the last row. After the first action, the row of the token before decides: is `before` moved
on at the end of each round?"""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta[before] - theta[before].max())
        gradient[before] -= weights / weights.sum()
        gradient[before, token] += 1
    return gradient
