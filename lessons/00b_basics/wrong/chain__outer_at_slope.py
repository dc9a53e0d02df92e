"""The outer slope is taken at the inner slope, g_slope(x). The outer function sees the value g(x)."""


def chain(f_slope, g, g_slope, x):
    return f_slope(g_slope(x)) * g_slope(x)
