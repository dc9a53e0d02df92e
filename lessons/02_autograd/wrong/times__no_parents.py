"""c does not know that it was made from a and b, so no walk back would find them. Give Value the parents, (a, b)."""


def times(a, b):
    def push():
        a.grad += b.data * c.grad
        b.grad += a.data * c.grad

    c = Value(a.data * b.data, (), push)
    return c
