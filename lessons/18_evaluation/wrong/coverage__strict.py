"""An interval with p exactly at one of its ends counts as a miss. It contains its ends: low <= p <= high."""


def coverage(interval, p, n):
    total = 0.0
    for solved in range(n + 1):
        low, high = interval(solved, n)
        if low < p < high:
            total += math.comb(n, solved) * p**solved * (1 - p) ** (n - solved)
    return total
