"""The number of draws stands where their share is meant: divide by the number of all draws, math.comb(N, n)."""


def best_of(n, proxy, gold):
    mean = 0.0
    for score in np.unique(proxy):
        below, up_to = int((proxy < score).sum()), int((proxy <= score).sum())
        mean += (math.comb(up_to, n) - math.comb(below, n)) * float(gold[proxy == score].mean())
    return mean
