"""The probabilities that are left do not add up to 1. Divide them by their sum."""


def top_k(pi, k):
    kept = np.zeros_like(pi)
    order = np.argsort(-pi, kind="stable")[:k]
    kept[order] = pi[order]
    return kept
