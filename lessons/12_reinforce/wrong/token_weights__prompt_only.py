"""Prompt and actions are exchanged. np.where(condition, this, that) takes `this` where the condition is true, and
is_action is true for the tokens that the agent chose."""

import numpy as np


def token_weights(advantages, is_action, N):
    return np.where(is_action, 0, advantages / N).astype(advantages.dtype)
