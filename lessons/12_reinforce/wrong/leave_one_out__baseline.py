"""This is the mean of the others, the baseline. The advantage is the own reward minus the baseline."""


def leave_one_out(rewards):
    return (rewards.sum(axis=1, keepdims=True) - rewards) / (rewards.shape[1] - 1)
