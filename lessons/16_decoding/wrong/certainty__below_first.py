"""The sum goes up to j = first. range(first) stops one before it."""


def certainty(first, second):
    n = first + second + 1
    return sum(math.comb(n, j) for j in range(first)) / 2**n
