"""This multiplies by the sum of the other matrix's entries, as if all of its rows were alike. Each entry of a
meets one row of b."""


def matmul_backward(dy, a, b):
    da = dy.sum(axis=1, keepdims=True) * b.sum(axis=1)
    db = a.sum(axis=0)[:, None] * dy.sum(axis=0)
    return da, db
