"""The weights are where the mask is False: the prompt is learned, and the answer is not."""

import numpy as np


def sft_weights(mask):
    return (~mask / max(int((~mask).sum()), 1)).astype(np.float32)
