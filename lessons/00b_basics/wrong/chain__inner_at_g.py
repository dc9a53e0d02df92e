"""The inner slope is taken at g(x). The inner function sees x: take its slope there."""


def chain(f_slope, g, g_slope, x):
    return f_slope(g(x)) * g_slope(g(x))
