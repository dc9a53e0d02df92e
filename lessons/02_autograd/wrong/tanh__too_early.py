"""Nothing arrives at a.grad. Either the push was not given to Value, or c.grad was read while c was being made. It is
still 0 then: read it inside of push, which runs later."""

import math


def tanh(a):
    c = Value(math.tanh(a.data), (a,))
    gradient = c.grad

    def push():
        a.grad += (1 - c.data**2) * gradient

    c.push = push
    return c
