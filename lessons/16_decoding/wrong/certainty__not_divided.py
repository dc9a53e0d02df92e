"""This counts the throws. Divide by 2^n, the number of all throws, to get a probability."""


def certainty(first, second):
    n = first + second + 1
    return sum(math.comb(n, j) for j in range(first + 1)) / 1
