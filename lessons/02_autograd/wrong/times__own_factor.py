"""Each factor is multiplied by its own value. But the product moves by b when a moves by 1: each needs the other
one's value."""


def times(a, b):
    def push():
        a.grad += a.data * c.grad
        b.grad += b.data * c.grad

    c = Value(a.data * b.data, (a, b), push)
    return c
