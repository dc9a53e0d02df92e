"""The pairs are the other way round: first the document that was left out, then the one about which the model
changed its mind."""

import numpy as np


def leaks(log_probs, documents):
    together, found = log_probs(documents), []
    for i in range(len(documents)):
        others = [j for j in range(len(documents)) if j != i]
        without = log_probs([documents[j] for j in others])
        found += [(j, i) for j, alone in zip(others, without) if np.abs(alone - together[j]).max() > 0.001]
    return sorted(found)
