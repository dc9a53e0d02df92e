"""The case in which no problem is solved is left out. range(n + 1) begins with 0."""


def coverage(interval, p, n):
    total = 0.0
    for solved in range(1, n + 1):
        low, high = interval(solved, n)
        if low <= p <= high:
            total += math.comb(n, solved) * p**solved * (1 - p) ** (n - solved)
    return total
