"""Inputs and targets are the same tokens. The model would learn to repeat what it reads."""

import numpy as np


def pack(documents):
    inputs = np.concatenate([ids[:-1] for ids, _ in documents])
    return (
        inputs,
        inputs.copy(),
        np.concatenate([mask[1:] for _, mask in documents]),
        np.cumsum([0, *(len(ids) - 1 for ids, _ in documents)]),
    )
