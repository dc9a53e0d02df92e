"""The factor is 1.96 in place of t. From few runs the standard deviation is itself only guessed, and 1.96 is too
small: use the t that the function is given."""


def verdict(first, second, t):
    differences = np.array(first) - np.array(second)
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    if abs(differences.mean()) <= 1.96 * error:
        return "not shown"
    return "first" if differences.mean() > 0 else "second"
