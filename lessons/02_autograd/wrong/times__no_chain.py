"""The gradient of the result is not passed on. The push says how much the loss changes, not how much the product
changes: multiply by c.grad."""


def times(a, b):
    def push():
        a.grad += b.data
        b.grad += a.data

    c = Value(a.data * b.data, (a, b), push)
    return c
