"""The rewards are missing. Without them the sum is zero up to rounding: the average of the gradient of log p
vanishes, for every policy."""

import math

import numpy as np


def policy_gradient(theta, episodes, rewards):
    return sum((math.exp(log_prob(theta, e)) * grad_log_prob(theta, e) for e in episodes), np.zeros_like(theta))
