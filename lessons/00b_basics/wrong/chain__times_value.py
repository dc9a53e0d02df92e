"""The outer slope is multiplied by the value g(x). It has to be multiplied by the slope of g: how fast g moves, and
not where it is."""


def chain(f_slope, g, g_slope, x):
    return f_slope(g(x)) * g(x)
