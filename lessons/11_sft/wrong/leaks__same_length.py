"""Another document of the same length is put into its place here. The others then stand where they stood before,
and nobody notices if positions are counted through the whole row. Leave the document out."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        changed = log_probs([ids + 1 if j == i else ids for j, ids in enumerate(documents)])
        found += [(i, j) for j in range(len(documents)) if j != i and np.abs(changed[j] - together[j]).max() > 0.001]
    return found
