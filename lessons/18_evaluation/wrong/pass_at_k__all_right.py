"""This is the probability that all of the k answers are right. One right answer among them is enough."""


def pass_at_k(correct, n, k):
    return math.comb(correct, k) / math.comb(n, k)
