"""This asks whether the share of solved problems is in the interval, and it nearly always is. Ask whether p is in it,
the truth."""


def coverage(interval, p, n):
    total = 0.0
    for solved in range(n + 1):
        low, high = interval(solved, n)
        if low <= solved / n <= high:
            total += math.comb(n, solved) * p**solved * (1 - p) ** (n - solved)
    return total
