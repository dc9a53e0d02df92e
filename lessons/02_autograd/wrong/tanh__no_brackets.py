"""Without brackets only the square is multiplied by c.grad. Write (1 - c.data**2) * c.grad."""

import math


def tanh(a):
    def push():
        a.grad += 1 - c.data**2 * c.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
