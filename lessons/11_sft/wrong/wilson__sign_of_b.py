"""The sign of b is wrong: the equation is (1 + k) p^2 - (2 share + k) p + share^2 = 0, so b is negative, and the
middle -b / (2 a) is positive."""

import math


def wilson(solved, n):
    share, k = solved / n, Z * Z / n
    a, b = 1 + k, 2 * share + k
    root = math.sqrt(max(0.0, b * b - 4 * a * share * share))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)
