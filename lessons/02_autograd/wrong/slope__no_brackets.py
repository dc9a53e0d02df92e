"""2 * step has to be in brackets: / 2 * step divides by 2 and then multiplies by the step."""


def slope(f, x, step):
    return (f(x + step) - f(x - step)) / 2 * step
