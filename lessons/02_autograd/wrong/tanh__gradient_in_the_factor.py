"""The factor is made from the gradient, 1 - c.grad^2. It has to be made from the value: 1 - c.data^2."""

import math


def tanh(a):
    def push():
        a.grad += (1 - c.grad**2) * c.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
