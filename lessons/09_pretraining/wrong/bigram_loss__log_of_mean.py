"""This takes the mean of the probabilities first, and then its logarithm. The loss takes the logarithm at each place
of the text, and the mean afterwards: a single p near 0 costs much."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts[ids[:-1], ids[1:]] / counts.sum(axis=1)[ids[:-1]]
    return float(-np.log(p.mean()))
