"""This sums over axis 0, whatever the shapes are. Compare the two shapes: where they are equal, nothing was
repeated and nothing is summed; where the array had no axis, or an axis of size 1, its copies are."""


def unbroadcast(gradient, shape):
    return gradient.sum(axis=0)
