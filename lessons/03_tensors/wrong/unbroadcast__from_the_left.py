"""The sizes are compared from the left here. NumPy lines up shapes from the right, so the first size of `shape`
belongs to the gradient's first axis only after the new axes in front are summed away. Do that first."""


def unbroadcast(gradient, shape):
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    return gradient
