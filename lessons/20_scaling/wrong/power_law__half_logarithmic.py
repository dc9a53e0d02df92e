"""This takes the logarithm of y alone: that is an exponential and not a power. Take log x as well."""


def power_law(x, y):
    slope, intercept = np.polyfit(x, np.log(y), 1)
    return math.exp(intercept), float(-slope)
