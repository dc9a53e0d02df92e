"""The outer slope is taken at x. The outer function never sees x, only g(x): take its slope there."""


def chain(f_slope, g, g_slope, x):
    return f_slope(x) * g_slope(x)
