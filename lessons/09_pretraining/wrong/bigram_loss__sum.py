"""This is the sum over all pairs of the text, which grows with its length. The loss is the mean."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts[ids[:-1], ids[1:]] / counts.sum(axis=1)[ids[:-1]]
    return float(-np.log(p).sum())
