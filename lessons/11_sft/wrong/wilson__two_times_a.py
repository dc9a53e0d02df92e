"""In Python, x / 2 * a divides by 2 and then multiplies by a. The solution of a quadratic equation is divided by
both: x / (2 * a)."""

import math


def wilson(solved, n):
    share, k = solved / n, Z * Z / n
    a, b = 1 + k, -(2 * share + k)
    root = math.sqrt(b * b - 4 * a * share * share)
    return (-b - root) / 2 * a, (-b + root) / 2 * a
