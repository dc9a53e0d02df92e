"""The first number of the starts is missing: the 0, where the first document begins."""

import numpy as np


def pack(documents):
    return (
        np.concatenate([ids[:-1] for ids, _ in documents]),
        np.concatenate([ids[1:] for ids, _ in documents]),
        np.concatenate([mask[1:] for _, mask in documents]),
        np.cumsum([len(ids) - 1 for ids, _ in documents]),
    )
