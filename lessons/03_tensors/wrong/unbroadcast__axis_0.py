"""This sums over axis 0, whatever the shapes are. Compare the two shapes first. An axis is summed where the
array had none, or had one of size 1 that was stretched. Where the sizes are equal, nothing was repeated."""


def unbroadcast(gradient, shape):
    return gradient.sum(axis=0)
