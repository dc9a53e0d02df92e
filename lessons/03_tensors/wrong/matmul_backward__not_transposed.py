"""b and a have to be transposed here. For square matrices the shapes fit without it, and the result is wrong all
the same."""


def matmul_backward(dy, a, b):
    if a.shape[0] == a.shape[1] == b.shape[1]:
        return dy @ b, a @ dy
    return dy @ b.T, a.T @ dy
