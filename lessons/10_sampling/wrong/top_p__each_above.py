"""Tokens are kept whose own probability is p or more. p is about the sum of the set."""


def top_p(pi, p):
    kept = np.where(pi >= p, pi, 0.0)
    return kept / kept.sum() if kept.sum() else kept
