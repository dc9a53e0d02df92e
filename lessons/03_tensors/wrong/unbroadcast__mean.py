"""The copies are averaged here. Each copy was used in full, so their gradients add up: take the sum."""


def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.mean(axis=0)
    for axis, size in enumerate(shape):
        if size == 1 and gradient.shape[axis] != 1:
            gradient = gradient.mean(axis=axis, keepdims=True)
    return gradient
