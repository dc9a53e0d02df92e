"""The first token of the answer is not learned. It is the first thing that the model has to say: the mask begins
with it."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    return ids, np.arange(len(ids)) > len(prompt)
