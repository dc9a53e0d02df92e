"""All points turn with the same speed, base^(-2/D). Point i has a speed of its own, base^(-2 i / D), with i from 0
to D/2 - 1."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-2 / D) * np.ones(D // 2)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], axis=1)
