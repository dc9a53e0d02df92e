"""The factor and c.grad are added. The chain rule multiplies them."""


def times(a, b):
    def push():
        a.grad += b.data + c.grad
        b.grad += a.data + c.grad

    c = Value(a.data * b.data, (a, b), push)
    return c
