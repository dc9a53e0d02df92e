"""This is how far single problems lie from the mean. The mean itself is off by less, by the root of the number of
problems."""


def reward_error(rewards):
    return float(rewards.mean(axis=1).std(ddof=1))
