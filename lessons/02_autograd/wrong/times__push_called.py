"""`push()` with brackets runs the push at once, when there is no c yet. Hand over the function itself: `push`."""


def times(a, b):
    def push():
        a.grad += b.data * c.grad
        b.grad += a.data * c.grad

    c = Value(a.data * b.data, (a, b), push())
    return c
