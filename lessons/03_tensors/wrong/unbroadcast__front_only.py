"""The new axes in front are summed here, and the stretched ones are not. An axis where `shape` has a 1 and the
gradient has more was repeated too: sum over it with keepdims=True."""


def unbroadcast(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    return gradient
