"""This divides by how often the second token follows any token. The result is p(a | b), which tokens may come before
b. Divide by the pairs that begin with a: the sum of a row, axis=1, where counts[a, b] has the first token as its
row."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts[ids[:-1], ids[1:]] / counts.sum(axis=0)[ids[1:]]
    return float(-np.log(p).mean())
