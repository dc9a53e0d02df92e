"""Of equally likely tokens, others than the ones with the smaller numbers stay. np.argsort keeps the order of equal
ones only with kind="stable"."""


def top_k(pi, k):
    order = np.argsort(-pi)[:k]
    kept = np.zeros_like(pi)
    kept[order] = pi[order]
    return kept / kept.sum()
