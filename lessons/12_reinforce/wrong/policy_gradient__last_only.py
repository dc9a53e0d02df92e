"""Only the last episode is left: each one overwrites the one before. Add with +=."""

import math

import numpy as np


def policy_gradient(theta, episodes, rewards):
    gradient = np.zeros_like(theta)
    for episode, reward in zip(episodes, rewards):
        gradient = math.exp(log_prob(theta, episode)) * reward * grad_log_prob(theta, episode)
    return gradient
