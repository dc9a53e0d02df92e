"""This walks from the inputs to the root. Each value then pushes before it has received anything, and only the
last step arrives."""


def backward(root):
    root.grad = 1.0
    for value in reversed(order(root, lambda value: value.parents)):
        value.push()
