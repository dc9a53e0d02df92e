"""The token before is ignored: these are the frequencies of single tokens. Divide the count of a pair by the count
of pairs with the same first token."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.bincount(ids[1:], minlength=vocab_size)
    return float(-np.log(counts[ids[1:]] / counts.sum()).mean())
