"""The first k tokens of the vocabulary are kept, and not the k most likely ones."""


def top_k(pi, k):
    kept = np.zeros_like(pi)
    kept[:k] = pi[:k]
    return kept / kept.sum()
