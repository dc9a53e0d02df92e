"""Here every sample counts as if it told something new. The samples of one problem are alike: eight answers to an easy
problem are eight times the same news. The error comes out too small."""

import numpy as np


def reward_error(rewards):
    return float(rewards.std(ddof=1) / np.sqrt(rewards.size))
