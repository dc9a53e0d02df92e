"""The gradient of a is multiplied by itself here. A push reads the gradient of its result, c.grad, and adds to the
gradient of its parent."""

import math


def tanh(a):
    def push():
        a.grad += (1 - c.data**2) * a.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
