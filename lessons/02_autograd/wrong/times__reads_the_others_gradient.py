"""The gradients of a and b are multiplied by c.grad. It takes their values: a moves c by b.data."""


def times(a, b):
    def push():
        a.grad += b.grad * c.grad
        b.grad += a.grad * c.grad

    c = Value(a.data * b.data, (a, b), push)
    return c
