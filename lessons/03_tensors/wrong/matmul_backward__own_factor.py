"""The gradient of a is made with a here, and the gradient of b with b. In a[i, k] * b[k, j] the slope with
respect to one factor is the other factor, as in lesson 2."""


def matmul_backward(dy, a, b):
    return dy @ a.T, b.T @ dy
