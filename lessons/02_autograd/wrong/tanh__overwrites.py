"""The gradient is overwritten here, not added to. Another use of the value may have pushed already."""

import math


def tanh(a):
    def push():
        a.grad = (1 - c.data**2) * c.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
