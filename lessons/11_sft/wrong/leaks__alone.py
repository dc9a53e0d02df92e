"""This compares document j by itself with document j among all others. A difference says that somebody leaks into
it, but not who. Leave out one document at a time."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        for j in range(len(documents)):
            (alone,) = log_probs([documents[j]])
            if i != j and np.abs(alone - together[j]).max() > 0.001:
                found.append((i, j))
    return found
