"""The gradient of the result is not passed on. The push says how much the loss changes, not how much c changes:
multiply by c.grad."""

import math


def tanh(a):
    def push():
        a.grad += 1 - c.data**2

    c = Value(math.tanh(a.data), (a,), push)
    return c
