"""The last number of the starts is missing: the length of the row, where the last document ends."""

import numpy as np


def pack(documents):
    return (
        np.concatenate([ids[:-1] for ids, _ in documents]),
        np.concatenate([ids[1:] for ids, _ in documents]),
        np.concatenate([mask[1:] for _, mask in documents]),
        np.cumsum([0, *(len(ids) - 1 for ids, _ in documents)])[:-1],
    )
