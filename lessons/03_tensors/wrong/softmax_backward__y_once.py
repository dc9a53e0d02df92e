"""The first term has its factor y, and the sum has none. In y_j (dy_j - sum) the y_j in front multiplies both."""


def softmax_backward(dy, y):
    return dy * y - (dy * y).sum(axis=-1, keepdims=True)
