"""This is the probability of the pair, and not of the second token given the first. Divide by the pairs that begin
with the same token."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return float(-np.log(counts[ids[:-1], ids[1:]] / counts.sum()).mean())
