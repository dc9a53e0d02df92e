"""This is in bits, with the logarithm to the base 2. minirl measures in nats, with the natural logarithm."""

import numpy as np


def moved(before, after):
    return (after * np.log2(np.where(after > 0, after, 1) / before)).sum(axis=1)
