"""The starts make one long document of the row. Then each document is read as if those before it belonged to its
prompt: they leak into it."""

import numpy as np


def pack(documents):
    inputs = np.concatenate([ids[:-1] for ids, _ in documents])
    return (
        inputs,
        np.concatenate([ids[1:] for ids, _ in documents]),
        np.concatenate([mask[1:] for _, mask in documents]),
        np.array([0, len(inputs)]),
    )
