"""Every number of solved problems counts alike. A model with p = 0.5 solves half of many problems much more often
than all of them: weigh each number with its probability."""


def coverage(interval, p, n):
    total = 0.0
    for solved in range(n + 1):
        low, high = interval(solved, n)
        if low <= p <= high:
            total += 1 / (n + 1)
    return total
