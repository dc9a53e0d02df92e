"""The probabilities are missing: each episode counts the same, however seldom it comes up."""

import numpy as np


def policy_gradient(theta, episodes, rewards):
    return sum(
        (reward * grad_log_prob(theta, episode) for episode, reward in zip(episodes, rewards)), np.zeros_like(theta)
    )
