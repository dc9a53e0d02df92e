"""This is the sum of the probabilities, which is 1 for every agent. Multiply each by the reward of its episode."""

import math


def expected_return(theta, episodes, rewards):
    return sum(math.exp(log_prob(theta, episode)) for episode in episodes)
