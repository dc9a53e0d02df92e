"""The products are averaged, so they are divided by the number of actions as well. The probabilities add up to 1
already: the sum of the products is the average."""


def expected_reward(pi, rewards):
    return float((pi * rewards).mean())
