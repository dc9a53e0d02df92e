"""The probabilities that are left do not add up to 1. Divide them by their sum."""


def top_p(pi, p):
    order = np.argsort(-pi, kind="stable")
    enough = order[: 1 + int(np.searchsorted(np.cumsum(pi[order]), p))]
    kept = np.zeros_like(pi)
    kept[enough] = pi[enough]
    return kept
