"""The coordinates are only multiplied by the cosine and the sine. A turn mixes them: (a, b) becomes (a cos - b sin,
b cos + a sin)."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-np.arange(0, D, 2) / D)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    return np.concatenate([a * np.cos(angles), b * np.sin(angles)], axis=1)
