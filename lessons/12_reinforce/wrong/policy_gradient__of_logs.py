"""The episodes are weighted with their log-probabilities. The average needs the probabilities: take exp first."""

import numpy as np


def policy_gradient(theta, episodes, rewards):
    return sum(
        (
            log_prob(theta, episode) * reward * grad_log_prob(theta, episode)
            for episode, reward in zip(episodes, rewards)
        ),
        np.zeros_like(theta),
    )
