"""This is the probability that none of the k answers is right. Take it away from 1."""


def pass_at_k(correct, n, k):
    return math.comb(n - correct, k) / math.comb(n, k)
