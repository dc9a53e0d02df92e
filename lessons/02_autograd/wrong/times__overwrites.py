"""The gradients are overwritten here, not added to. A value that is used in two places gets a push from each, and
both count."""


def times(a, b):
    def push():
        a.grad = b.data * c.grad
        b.grad = a.data * c.grad

    c = Value(a.data * b.data, (a, b), push)
    return c
