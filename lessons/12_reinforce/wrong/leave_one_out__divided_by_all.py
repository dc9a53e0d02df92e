"""The sum of the others is divided by S, and there are S - 1 others."""


def leave_one_out(rewards):
    return rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / rewards.shape[1]
