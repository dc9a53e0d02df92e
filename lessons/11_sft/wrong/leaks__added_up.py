"""The differences of all tokens are added up here. Many small roundings then look like a leak: take the largest
difference."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        others = [j for j in range(len(documents)) if j != i]
        without = log_probs([documents[j] for j in others])
        found += [(i, j) for j, alone in zip(others, without) if np.abs(alone - together[j]).sum() > 0.001]
    return found
