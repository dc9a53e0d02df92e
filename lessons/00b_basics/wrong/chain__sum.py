"""The two slopes are added. If the first step stretches by 3 and the second by 6, both together stretch by 18:
multiply."""


def chain(f_slope, g, g_slope, x):
    return f_slope(g(x)) + g_slope(x)
