"""Nothing is pushed when c.push() is called. Either the function was not given to Value as its third argument. Or the
work is done while the product is being made, and at that time c.grad is still 0: define a function that does it
later."""


def times(a, b):
    c = Value(a.data * b.data, (a, b))
    a.grad += b.data * c.grad
    b.grad += a.data * c.grad
    return c
