"""Only the documents after document i are looked at. Nobody knows in advance how a program leaks, so look at all
other documents."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        without = log_probs([*documents[:i], *documents[i + 1 :]])
        found += [(i, j) for j in range(i + 1, len(documents)) if np.abs(without[j - 1] - together[j]).max() > 0.001]
    return found
