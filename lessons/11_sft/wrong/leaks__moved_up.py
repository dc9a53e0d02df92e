"""When document i is left out, the documents after it move up by one place in the list. Among the results, document
j is then at place j only if j is smaller than i."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        without = log_probs([*documents[:i], *documents[i + 1 :]])
        found += [
            (i, j)
            for j in range(len(without))
            if j != i and (len(without[j]) != len(together[j]) or np.abs(without[j] - together[j]).max() > 0.001)
        ]
    return found
