"""All problems are thrown together. Each sample has to be compared with the samples of its own problem, which is
as hard for all of them."""


def leave_one_out(rewards):
    return rewards - (rewards.sum() - rewards) / (rewards.size - 1)
