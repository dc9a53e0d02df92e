"""The factor is tanh(x) itself. It has to be the derivative of tanh: 1 - c.data**2."""

import math


def tanh(a):
    def push():
        a.grad += c.data * c.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
