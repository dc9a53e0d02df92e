"""This is the push of a sum. In a product c moves by b when a moves by 1: multiply c.grad by b.data for a, and by
a.data for b."""


def times(a, b):
    def push():
        a.grad += c.grad
        b.grad += c.grad

    c = Value(a.data * b.data, (a, b), push)
    return c
