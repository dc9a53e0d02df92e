"""a * b of two Values calls `times`, which calls itself again and again. Multiply the numbers in them: a.data *
b.data."""


def times(a, b):
    def push():
        a.grad += b.data * c.grad
        b.grad += a.data * c.grad

    c = Value(a * b, (a, b), push)
    return c
