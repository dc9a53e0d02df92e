"""This is the average number of right answers among the k, cut off at 1. Several right answers in one draw count only
once."""


def pass_at_k(correct, n, k):
    return min(1.0, k * correct / n)
