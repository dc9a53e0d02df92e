"""The token that crosses p is left out, so what is left adds up to less than p, or to nothing. The set has to reach
p."""


def top_p(pi, p):
    order = np.argsort(-pi, kind="stable")
    kept = np.zeros_like(pi)
    inside = order[np.cumsum(pi[order]) <= p]
    kept[inside] = pi[inside]
    return kept / kept.sum() if kept.sum() else kept
