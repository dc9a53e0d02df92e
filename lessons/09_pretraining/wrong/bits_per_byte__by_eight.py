"""There is a factor of 8 here. These bits measure surprise, and have nothing to do with the 8 bits in which a byte is
stored: divide by n_bytes alone."""

import math


def bits_per_byte(losses, n_bytes):
    return float(losses.sum() / math.log(2) / (8 * n_bytes))
