"""This divides by the number of tokens here, with the prompt. Divide by the N that is given."""

import numpy as np


def token_weights(advantages, is_action, N):
    return np.where(is_action, advantages / len(advantages), 0).astype(advantages.dtype)
