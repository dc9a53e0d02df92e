"""This draws the line through the first and the last point. The others count too: all squares together are to
be least."""


def power_law(x, y):
    slope = math.log(y[-1] / y[0]) / math.log(x[-1] / x[0])
    return y[0] / x[0] ** slope, -slope
