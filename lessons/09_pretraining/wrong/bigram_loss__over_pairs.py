"""Every kind of pair counts the same here, however often it occurs. The loss is a mean over the places of the
text."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return float(-np.log(p[p > 0]).mean())
