"""This takes the answer that is best by gold. The proxy does the choosing; gold only says how good the choice was."""


def best_of(n, proxy, gold):
    N, mean = len(gold), 0.0
    for place, good in enumerate(sorted(gold.tolist())):
        mean += math.comb(place, n - 1) / math.comb(N, n) * good
    return mean
