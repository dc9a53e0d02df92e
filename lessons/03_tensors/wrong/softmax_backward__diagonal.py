"""Only the effect of each logit on its own probability is here: y (1 - y) dy. A larger logit also makes all other
probabilities smaller."""


def softmax_backward(dy, y):
    return y * (1 - y) * dy
