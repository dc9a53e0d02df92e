"""The minus is missing. The logarithm of a probability is never above 0, and a loss is never below it: it is large
where the model was surprised."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts[ids[:-1], ids[1:]] / counts.sum(axis=1)[ids[:-1]]
    return float(np.log(p).mean())
