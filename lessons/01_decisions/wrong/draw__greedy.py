"""This is the likeliest action, whatever u is. Then every episode of a question would be the same, and nothing
could be learned from comparing them."""

import numpy as np


def draw(pi, u):
    return int(np.argmax(pi))
