"""An end of the interval that is exactly 0 counts as shown. Two methods with the same results have the interval 0 to
0, which contains 0: nothing is shown."""


def verdict(first, second, t):
    differences = np.array(first) - np.array(second)
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    if abs(differences.mean()) < t * error:
        return "not shown"
    return "first" if differences.mean() > 0 else "second"
