"""Inputs and targets are exchanged. A document's inputs are all its tokens but the last, ids[:-1], and its targets are
all but the first, ids[1:]."""

import numpy as np


def pack(documents):
    return (
        np.concatenate([ids[1:] for ids, _ in documents]),
        np.concatenate([ids[:-1] for ids, _ in documents]),
        np.concatenate([mask[1:] for _, mask in documents]),
        np.cumsum([0, *(len(ids) - 1 for ids, _ in documents)]),
    )
