"""The factor is 1 - x^2 here, with the input x. It has to be 1 - tanh(x)^2, with the output."""

import math


def tanh(a):
    def push():
        a.grad += (1 - a.data**2) * c.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
