"""The points are exchanged: the height on the right comes first, minus the height on the left."""


def slope(f, x, step):
    return (f(x - step) - f(x + step)) / (2 * step)
