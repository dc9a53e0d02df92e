"""This goes the wrong way: it reads a.grad and changes c.grad. A push reads the gradient of its result, c.grad, and
adds to the gradient of its parent, a.grad."""

import math


def tanh(a):
    def push():
        c.grad += (1 - c.data**2) * a.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
