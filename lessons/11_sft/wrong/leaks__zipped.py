"""The results of two different documents are compared here. When document i is left out, the documents after it stand
one place earlier: among the results, document j is at place j only if j is smaller than i."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        without = log_probs([*documents[:i], *documents[i + 1 :]])
        found += [(i, j) for j, (one, other) in enumerate(zip(without, together)) if np.abs(one - other).max() > 0.001]
    return found
