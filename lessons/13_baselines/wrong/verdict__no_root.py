"""The standard deviation of the differences is not divided by the root of n. It tells how far single runs scatter.
Their mean scatters less."""


def verdict(first, second, t):
    differences = np.array(first) - np.array(second)
    error = differences.std(ddof=1)
    if abs(differences.mean()) <= t * error:
        return "not shown"
    return "first" if differences.mean() > 0 else "second"
