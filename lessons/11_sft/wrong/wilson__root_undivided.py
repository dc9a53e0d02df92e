"""The root is not divided by 2 a = 2 (1 + k). Both parts of the solution are divided: (-b + root) / (2 * a)."""

import math


def wilson(solved, n):
    share, k = solved / n, Z * Z / n
    half = math.sqrt(k * (k / 4 + share * (1 - share)))
    middle = (2 * share + k) / (2 * (1 + k))
    return middle - half, middle + half
