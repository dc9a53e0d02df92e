"""c does not know that it was made from a, so no walk back would find a. Give Value the parents as a tuple, (a,)."""

import math


def tanh(a):
    def push():
        a.grad += (1 - c.data**2) * c.grad

    c = Value(math.tanh(a.data), (), push)
    return c
