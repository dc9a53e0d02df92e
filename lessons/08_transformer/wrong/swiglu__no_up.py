"""`up` is missing: the gate decides how much of `up` passes, so the two are multiplied."""

import numpy as np


def swiglu(gate, up):
    return gate / (1 + np.exp(-gate))
