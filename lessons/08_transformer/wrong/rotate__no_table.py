"""The places and the speeds are multiplied one by one. Each place needs all speeds, a table of (T, D/2):
np.arange(T)[:, None] makes the places a column."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T) * base ** (-np.arange(0, D, 2) / D)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], axis=1)
