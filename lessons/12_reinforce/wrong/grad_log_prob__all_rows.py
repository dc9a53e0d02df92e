"""Each action subtracts softmax from every row. It was drawn from one row, and only this row gets something."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta - theta.max(axis=1, keepdims=True))
        gradient -= weights / weights.sum(axis=1, keepdims=True)
        gradient[before, token] += 1
        before = token
    return gradient
