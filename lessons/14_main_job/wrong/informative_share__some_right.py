"""This counts the problems with at least one right sample, and so also those that are right every time. Nothing can be
compared within them."""


def informative_share(rewards):
    return float((rewards.max(axis=1) > 0).mean())
