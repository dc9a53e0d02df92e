"""The intercept of a line through logarithms to base 10 is the power of 10, and not of e."""


def power_law(x, y):
    slope, intercept = np.polyfit(np.log10(x), np.log10(y), 1)
    return math.exp(intercept), float(-slope)
