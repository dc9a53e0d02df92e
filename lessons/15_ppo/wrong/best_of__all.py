"""This takes the best of all N answers, whatever n is."""


def best_of(n, proxy, gold):
    return float(gold[proxy == proxy.max()].mean())
