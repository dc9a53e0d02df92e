"""The mean contains the own reward, so each sample is compared with itself, too. Take the mean of the others."""


def leave_one_out(rewards):
    return rewards - rewards.mean(axis=1, keepdims=True)
