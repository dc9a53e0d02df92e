"""This returns log A. The line is straight in logarithms, so A is exp of its intercept."""


def power_law(x, y):
    slope, intercept = np.polyfit(np.log(x), np.log(y), 1)
    return float(intercept), float(-slope)
