"""The exponential is taken of the whole sum. Take it of each log-probability, multiply by the reward, and then add
up."""

import math


def expected_return(theta, episodes, rewards):
    return math.exp(sum(log_prob(theta, episode) * reward for episode, reward in zip(episodes, rewards)))
