"""This is the slope from x to the left. The curve bends, so this is off by half the step times the bend. Take one
point on each side: then the bend cancels."""


def slope(f, x, step):
    return (f(x) - f(x - step)) / step
