"""da is right, and db has a @ dy where a.T @ dy belongs. Write down the shapes: (M, K) times (M, N) does not
fit; (K, M) times (M, N) does."""


def matmul_backward(dy, a, b):
    return dy @ b.T, a @ dy
