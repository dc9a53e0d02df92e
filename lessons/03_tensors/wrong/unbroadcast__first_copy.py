"""This takes one of the copies and drops the others. All copies were used, and each has a gradient."""


def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient[0]
    for axis, size in enumerate(shape):
        if size == 1 and gradient.shape[axis] != 1:
            gradient = gradient.take([0], axis=axis)
    return gradient
