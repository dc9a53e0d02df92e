"""This is how sure it is that the leading answer is not the more frequent one. The sum goes from j = 0 to j = first,
the votes for the leading answer."""


def certainty(first, second):
    n = first + second + 1
    return sum(math.comb(n, j) for j in range(second + 1)) / 2**n
