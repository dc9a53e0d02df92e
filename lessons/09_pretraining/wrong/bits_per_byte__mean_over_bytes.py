"""This divides twice: the mean has already divided by the number of tokens. Add up the losses of all tokens, and
divide by the bytes alone."""

import math


def bits_per_byte(losses, n_bytes):
    return float(losses.mean() / math.log(2) / n_bytes)
