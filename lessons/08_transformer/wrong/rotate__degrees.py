"""The angles are taken as degrees. They are in radians already, as np.cos and np.sin expect them: a full turn is 2
pi."""

import numpy as np


def rotate(x, base):
    T, D = x.shape
    angles = np.radians(np.arange(T)[:, None] * base ** (-np.arange(0, D, 2) / D))
    a, b = x[:, : D // 2], x[:, D // 2 :]
    return np.concatenate([a * np.cos(angles) - b * np.sin(angles), b * np.cos(angles) + a * np.sin(angles)], axis=1)
