"""Only the second height is divided. Put brackets around the difference of the heights."""


def slope(f, x, step):
    return f(x + step) - f(x - step) / (2 * step)
