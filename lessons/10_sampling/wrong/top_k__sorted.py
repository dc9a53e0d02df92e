"""The result is sorted by probability. Each token has to keep its place: its number is its place."""


def top_k(pi, k):
    kept = np.zeros_like(pi)
    kept[: min(k, len(pi))] = np.sort(pi)[::-1][:k]
    return kept / kept.sum()
