"""The inner slope is missing. If g moves twice as fast as x, then so does everything after it."""


def chain(f_slope, g, g_slope, x):
    return f_slope(g(x))
