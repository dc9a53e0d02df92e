"""This looks at how the samples of one problem differ from each other. What counts is how the problems differ: the
spread of their means."""

import numpy as np


def reward_error(rewards):
    return float(rewards.std(axis=1).mean() / np.sqrt(rewards.shape[1]))
