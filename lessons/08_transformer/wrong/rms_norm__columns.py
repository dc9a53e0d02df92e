"""The mean is taken over each column, so over all tokens. It runs along the row of each token: axis=-1, the last
one."""

import numpy as np


def rms_norm(x, gain, eps):
    return gain * x / np.sqrt((x * x).mean(axis=0) + eps)
