"""n is one more than the number of votes: the unknown share is one of the random numbers too."""


def certainty(first, second):
    n = first + second
    return sum(math.comb(n, j) for j in range(first + 1)) / 2**n
