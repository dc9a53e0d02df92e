"""Brackets are missing: without them, gate * 1 / 1 comes first. sigmoid is 1 / (1 + np.exp(-gate))."""

import numpy as np


def swiglu(gate, up):
    return gate * 1 / 1 + np.exp(-gate) * up
