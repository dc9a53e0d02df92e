"""Gate and content are exchanged: the first argument decides, the second one passes."""

import numpy as np


def swiglu(gate, up):
    return up / (1 + np.exp(-up)) * gate
