"""There is one token too many: the set already reached p without it."""


def top_p(pi, p):
    order = np.argsort(-pi, kind="stable")
    enough = order[: 2 + int(np.searchsorted(np.cumsum(pi[order]), p))]
    kept = np.zeros_like(pi)
    kept[enough] = pi[enough]
    return kept / kept.sum()
