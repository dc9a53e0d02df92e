"""The tokens are taken in the order of their numbers. Take the most likely first."""


def top_p(pi, p):
    enough = 1 + int(np.searchsorted(np.cumsum(pi), p))
    kept = np.zeros_like(pi)
    kept[:enough] = pi[:enough]
    return kept / kept.sum()
