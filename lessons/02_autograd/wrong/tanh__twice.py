"""c.data is tanh(x) already, and the factor takes tanh of it once more. It is 1 - c.data**2."""

import math


def tanh(a):
    def push():
        a.grad += (1 - math.tanh(c.data) ** 2) * c.grad

    c = Value(math.tanh(a.data), (a,), push)
    return c
