"""The two ends are exchanged. The lower one comes first."""

import math


def wilson(solved, n):
    share, k = solved / n, Z * Z / n
    middle = (2 * share + k) / (2 * (1 + k))
    half = math.sqrt(k * (k / 4 + share * (1 - share))) / (1 + k)
    return middle + half, middle - half
