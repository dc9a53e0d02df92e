"""The second coordinate is computed from the new first one, which has already replaced the old one. Keep both old
numbers until both new ones are there."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-np.arange(0, D, 2) / D)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    a = a * np.cos(angles) - b * np.sin(angles)
    return np.concatenate([a, b * np.cos(angles) + a * np.sin(angles)], axis=1)
