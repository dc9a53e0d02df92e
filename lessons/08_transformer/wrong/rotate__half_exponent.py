"""The exponent is -i / D here, half of what it should be: it is -2 i / D, with i from 0 to D/2 - 1."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-np.arange(D // 2) / D)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], axis=1)
