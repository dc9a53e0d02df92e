"""math.comb(n, k) is missing. There are many ways to solve k of n problems, and their probabilities add up."""


def coverage(interval, p, n):
    total = 0.0
    for solved in range(n + 1):
        low, high = interval(solved, n)
        if low <= p <= high:
            total += p**solved * (1 - p) ** (n - solved)
    return total
