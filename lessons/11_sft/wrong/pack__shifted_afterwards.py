"""The documents were put together first and shifted afterwards. So the last token of each document has to predict
the first token of the next one, which nobody can know. Shift each document by itself."""

import numpy as np


def pack(documents):
    ids = np.concatenate([ids for ids, _ in documents])
    mask = np.concatenate([mask for _, mask in documents])
    starts = np.cumsum([0, *(len(ids) for ids, _ in documents)])
    starts[-1] -= 1
    return ids[:-1], ids[1:], mask[1:], starts
