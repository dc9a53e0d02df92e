"""The slope of one function is put into the slope of the other. The two slopes are numbers: multiply them."""


def chain(f_slope, g, g_slope, x):
    return f_slope(g_slope(x))
