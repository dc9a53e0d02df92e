"""Neighbouring numbers are taken as points here. Some models do that, but here a point is number i and number i +
D/2. With the other pairing, trained weights make no sense."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-np.arange(0, D, 2) / D)
    out, a, b = np.empty_like(x), x[:, 0::2], x[:, 1::2]
    out[:, 0::2] = a * np.cos(angles) - b * np.sin(angles)
    out[:, 1::2] = b * np.cos(angles) + a * np.sin(angles)
    return out
