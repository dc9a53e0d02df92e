"""rstd is computed again from x here, and the tiny number in it is not known. Use the rstd that is given: it is
the one of the way forward."""

import numpy as np


def rms_norm_backward(dy, x, gain, rstd):
    rstd = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True))
    u, g = x * rstd, dy * gain
    return rstd * (g - u * (g * u).mean(axis=-1, keepdims=True)), (dy * u).sum(axis=0)
