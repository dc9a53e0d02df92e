"""This is the number of such problems. Divide it by the number of problems."""


def informative_share(rewards):
    return float((rewards.max(axis=1) > rewards.min(axis=1)).sum())
