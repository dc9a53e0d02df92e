"""This divides by the actions of this batch, and not by the N that it was given. If the work is cut into parts,
each part would then count the same, however long it is."""

import numpy as np


def token_weights(advantages, is_action, N):
    return np.where(is_action, advantages / max(int(is_action.sum()), 1), 0).astype(advantages.dtype)
