"""This takes the chance that the highest proxy is *at most* this score. Take away the chance that it is below: then
it is exactly this score."""


def best_of(n, proxy, gold):
    N, mean = len(proxy), 0.0
    for score in np.unique(proxy):
        up_to = int((proxy <= score).sum())
        mean += math.comb(up_to, n) / math.comb(N, n) * float(gold[proxy == score].mean())
    return mean
