"""The sum contains the own reward, though it is divided by S - 1. Subtract the own reward from the sum first."""


def leave_one_out(rewards):
    return rewards - rewards.sum(axis=1, keepdims=True) / (rewards.shape[1] - 1)
