"""The sign in the exponent is missing: sigmoid(x) is 1 / (1 + e^(-x)). With e^x the gate closes where it should
open."""

import numpy as np


def swiglu(gate, up):
    return gate / (1 + np.exp(gate)) * up
