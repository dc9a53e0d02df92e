"""This is how far single problems lie from the mean. How far the mean itself lies off is less, by the root of the number
of problems."""


def reward_error(rewards):
    return float(rewards.mean(axis=1).std(ddof=1))
