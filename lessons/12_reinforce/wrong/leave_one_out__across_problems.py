"""This sums over the problems, down the columns. The samples of a problem stand in its row: axis=1."""

import numpy as np


def leave_one_out(rewards):
    with np.errstate(divide="ignore", invalid="ignore"):
        others = (rewards.sum(axis=0, keepdims=True) - rewards) / np.float64(len(rewards) - 1)
        return rewards - others
