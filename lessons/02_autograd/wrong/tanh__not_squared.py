"""The factor is 1 - tanh(x) here. It has to be 1 - tanh(x)^2."""

import math


def tanh(a):
    def push():
        a.grad += (1 - c.data) * c.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
