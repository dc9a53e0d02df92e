"""Here document i is put before document j, and nothing else is in the row. But where a document stands decides
what it can see: keep all others, in their order, and leave out only document i."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        for j in range(len(documents)):
            if i != j and np.abs(log_probs([documents[i], documents[j]])[1] - together[j]).max() > 0.001:
                found.append((i, j))
    return found
