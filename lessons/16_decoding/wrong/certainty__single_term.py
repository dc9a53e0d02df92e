"""This is the chance of exactly `first` heads. Add up the chances of 0, 1, ..., `first` heads."""


def certainty(first, second):
    n = first + second + 1
    return math.comb(n, first) / 2**n
