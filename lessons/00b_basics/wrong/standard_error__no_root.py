"""This divides by n. The error falls with the square root of n only: for half the error, four times as many
samples."""

import numpy as np


def standard_error(samples):
    return float(np.std(samples) / len(samples))
