"""This is the straight line through x and y themselves. A power law is straight in log x and log y."""


def power_law(x, y):
    slope, intercept = np.polyfit(x, y, 1)
    return float(intercept), float(-slope)
