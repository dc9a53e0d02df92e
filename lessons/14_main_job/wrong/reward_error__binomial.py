"""This is the formula for independent coins. The samples of one problem are alike, as it is easy or hard for all of
them."""

import numpy as np


def reward_error(rewards):
    p = rewards.mean()
    return float(np.sqrt(p * (1 - p) / rewards.size))
