"""Each entry keeps its last product only: `=` replaces what was there. The products of all paths add up: `+=`."""

import numpy as np


def matmul_backward(dy, a, b):
    return np.outer(dy[:, -1], b[:, -1]), np.outer(a[-1], dy[-1]) if len(a) else np.zeros_like(b)
