"""The walk begins with the value of the root. It has to begin with 1, whatever the root's value is."""


def backward(root):
    root.grad = root.data
    for value in order(root, lambda value: value.parents):
        value.push()
