"""The last document is forgotten: starts has one number more than there are documents, and the last number is where the
last document ends. There are len(starts) - 1 documents."""

import numpy as np


def may_see(starts):
    N = int(starts[-1])
    table = np.zeros((N, N), bool)
    for i in range(len(starts) - 2):
        for t in range(starts[i], starts[i + 1]):
            table[t, starts[i] : t + 1] = True
    return table
