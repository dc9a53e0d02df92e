"""This is the probability that at least one answer is wrong. If all of them are wrong, there is nothing to compare
either: take this case away too."""


def chance_informative(p, n):
    return 1 - p**n
