"""The deviation is divided by the number of problems. It goes down with its root: four times as many problems halve the
error."""


def reward_error(rewards):
    return float(rewards.mean(axis=1).std(ddof=1) / len(rewards))
