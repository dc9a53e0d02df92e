"""The scatter of both methods is added up, as if their runs had nothing in common. They have the same seeds. What
both share cancels in the differences first[i] - second[i], and only the scatter of these counts."""


def verdict(first, second, t):
    n = len(first)
    error = math.sqrt((np.var(first, ddof=1) + np.var(second, ddof=1)) / n)
    middle = np.mean(first) - np.mean(second)
    if abs(middle) <= t * error:
        return "not shown"
    return "first" if middle > 0 else "second"
