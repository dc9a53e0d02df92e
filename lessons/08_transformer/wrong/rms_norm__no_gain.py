"""The gain is missing. Each of the C numbers of a row is multiplied by its own learned factor at the end."""

import numpy as np


def rms_norm(x, gain, eps):
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
