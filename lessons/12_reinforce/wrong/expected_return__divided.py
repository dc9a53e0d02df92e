"""The sum is also divided by the number of episodes. The probabilities add up to 1 already, so the weighted sum is
the average."""

import math


def expected_return(theta, episodes, rewards):
    total = sum(math.exp(log_prob(theta, episode)) * reward for episode, reward in zip(episodes, rewards))
    return total / len(episodes)
