"""The exponent has the wrong sign. The slope of the line is -alpha: y falls where x grows."""


def power_law(x, y):
    slope, intercept = np.polyfit(np.log(x), np.log(y), 1)
    return math.exp(intercept), float(slope)
