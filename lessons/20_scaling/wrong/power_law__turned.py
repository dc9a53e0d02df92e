"""This fits log x by log y and turns the line around. With scatter this is another line: the squares are
those of distances in log y."""


def power_law(x, y):
    inverse, place = np.polyfit(np.log(y), np.log(x), 1)
    slope, intercept = 1 / inverse, -place / inverse
    return math.exp(intercept), float(-slope)
