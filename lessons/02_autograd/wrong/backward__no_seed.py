"""All gradients stay 0. The walk has to begin with something: the root changes by 1 when the root changes by 1, so
root.grad is 1."""


def backward(root):
    for value in order(root, lambda value: value.parents):
        value.push()
