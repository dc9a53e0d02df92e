"""Every value gets the gradient 1 before it pushes. Only the root does: the others have received theirs from their
users."""


def backward(root):
    for value in order(root, lambda value: value.parents):
        value.grad = 1.0
        value.push()
