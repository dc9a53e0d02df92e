"""This is what the proxy says of its own choice. Asked is how good the choice is: gold."""


def best_of(n, proxy, gold):
    N, mean = len(proxy), 0.0
    for score in np.unique(proxy):
        below, up_to = int((proxy < score).sum()), int((proxy <= score).sum())
        mean += (math.comb(up_to, n) - math.comb(below, n)) / math.comb(N, n) * float(score)
    return mean
