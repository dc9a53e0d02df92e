"""The mask is one place too far to the left: it marks the tokens after which the model speaks. It has to mark the
tokens that the model says, from the first token of the answer to the end token."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    mask = np.arange(len(ids)) >= len(prompt) - 1
    mask[-1] = False
    return ids, mask
