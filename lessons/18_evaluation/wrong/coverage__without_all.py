"""The case in which all n problems are solved is left out. range(n + 1) ends with n."""


def coverage(interval, p, n):
    total = 0.0
    for solved in range(n):
        low, high = interval(solved, n)
        if low <= p <= high:
            total += math.comb(n, solved) * p**solved * (1 - p) ** (n - solved)
    return total
