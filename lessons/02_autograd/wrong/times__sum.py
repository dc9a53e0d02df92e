"""c.data is the sum of the two numbers. It has to be their product."""


def times(a, b):
    def push():
        a.grad += b.data * c.grad
        b.grad += a.data * c.grad

    c = Value(a.data + b.data, (a, b), push)
    return c
