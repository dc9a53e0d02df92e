"""Brackets are missing in the exponent: `**` comes before `*` and `/`, so this is base^(-2) times i / D. Write base
** (-2 * i / D)."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * (base**-2 * np.arange(D // 2) / D)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], axis=1)
