"""The push multiplies by the value of the result, c.data. What it has to pass on is the gradient of the result,
c.grad."""


def times(a, b):
    def push():
        a.grad += b.data * c.data
        b.grad += a.data * c.data

    c = Value(a.data * b.data, (a, b), push)
    return c
