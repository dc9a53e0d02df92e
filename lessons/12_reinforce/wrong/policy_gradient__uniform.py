"""All episodes count alike here. A list of all episodes is no sample: likely ones are not in it more often. Weigh each
with its probability."""

import numpy as np


def policy_gradient(theta, episodes, rewards):
    pushes = [reward * grad_log_prob(theta, episode) for episode, reward in zip(episodes, rewards)]
    return np.sum(pushes, axis=0) / len(episodes)
