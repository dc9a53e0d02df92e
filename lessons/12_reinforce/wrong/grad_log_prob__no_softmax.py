"""This counts the actions, and forgets that making one token likelier makes the others in its row less likely:
subtract softmax of the row."""

import numpy as np


def grad_log_prob(theta, episode):
    gradient, before = np.zeros_like(theta), -1
    for token in episode:
        gradient[before, token] += 1
        before = token
    return gradient
