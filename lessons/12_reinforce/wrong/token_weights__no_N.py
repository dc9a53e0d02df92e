"""The weights are not divided by N. Then a batch with more tokens would make a longer step."""

import numpy as np


def token_weights(advantages, is_action, N):
    return np.where(is_action, advantages, 0).astype(advantages.dtype)
