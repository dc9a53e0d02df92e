"""`*` multiplies number by number, each with the one at the same place. A matrix product, which also sums over
the paths, is written `@`."""


def matmul_backward(dy, a, b):
    return dy * b, a * dy
