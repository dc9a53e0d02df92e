"""This is how often the interval misses p. The task asks how often it contains p."""


def coverage(interval, p, n):
    total = 0.0
    for solved in range(n + 1):
        low, high = interval(solved, n)
        if not low <= p <= high:
            total += math.comb(n, solved) * p**solved * (1 - p) ** (n - solved)
    return total
