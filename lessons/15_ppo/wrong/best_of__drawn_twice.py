"""Here the same answer may be drawn several times. The n answers are different ones: count with math.comb."""


def best_of(n, proxy, gold):
    N, mean = len(proxy), 0.0
    for score in np.unique(proxy):
        below, up_to = (proxy < score).sum() / N, (proxy <= score).sum() / N
        mean += (up_to**n - below**n) * float(gold[proxy == score].mean())
    return float(mean)
