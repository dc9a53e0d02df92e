"""Softmax is taken over the whole table. The probabilities of one row add up to 1: take it of theta[before]."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta - theta.max())
        gradient[before] -= weights[before] / weights.sum()
        gradient[before, token] += 1
        before = token
    return gradient
