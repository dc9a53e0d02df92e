"""The mean of the differences has to be above 0.001 here. A leak that changes one token of many is lost in the
mean: take the largest difference."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        others = [j for j in range(len(documents)) if j != i]
        without = log_probs([documents[j] for j in others])
        found += [(i, j) for j, alone in zip(others, without) if np.abs(alone - together[j]).mean() > 0.001]
    return found
