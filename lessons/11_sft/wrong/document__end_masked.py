"""The end token is not learned here. Nothing crashes, but the model never learns to stop: its answers run on until
they are cut off, and an answer that was cut off earns nothing."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    mask = np.zeros(len(ids), bool)
    mask[len(prompt) : len(prompt) + len(answer)] = True
    return ids, mask
