"""np.bincount(ids) counts the last token of the text too, and after it comes nothing. Divide by the number of pairs
that begin with a token: the sum of its row of counts, or np.bincount(ids[:-1])."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts[ids[:-1], ids[1:]] / np.bincount(ids, minlength=vocab_size)[ids[:-1]]
    return float(-np.log(p).mean())
