"""The two names are exchanged: higher results are better."""


def verdict(first, second, t):
    differences = np.array(first) - np.array(second)
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    if abs(differences.mean()) <= t * error:
        return "not shown"
    return "second" if differences.mean() > 0 else "first"
