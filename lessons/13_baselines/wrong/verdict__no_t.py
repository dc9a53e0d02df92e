"""The factor t is missing: this interval is one standard error to each side, and misses the true difference in a
third of all cases."""


def verdict(first, second, t):
    differences = np.array(first) - np.array(second)
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    if abs(differences.mean()) <= error:
        return "not shown"
    return "first" if differences.mean() > 0 else "second"
