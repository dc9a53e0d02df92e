"""The sum is also divided by the number of episodes. The probabilities add up to 1 already, so the weighted sum is
the average."""

import math

import numpy as np


def policy_gradient(theta, episodes, rewards):
    gradient = np.zeros_like(theta)
    for episode, reward in zip(episodes, rewards):
        gradient += math.exp(log_prob(theta, episode)) * reward * grad_log_prob(theta, episode)
    return gradient / len(episodes)
