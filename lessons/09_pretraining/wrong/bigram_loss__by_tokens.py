"""The sum is divided by the number of tokens. A text of n tokens has n - 1 pairs of neighbours: the first token is
not predicted from anything."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts[ids[:-1], ids[1:]] / counts.sum(axis=1)[ids[:-1]]
    return float(-np.log(p).sum() / len(ids))
