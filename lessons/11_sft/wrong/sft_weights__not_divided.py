"""Each learned token has the weight 1. The loss is then a sum and no mean, so a batch with more tokens makes a
larger gradient."""

import numpy as np


def sft_weights(mask):
    return mask.astype(np.float32)
