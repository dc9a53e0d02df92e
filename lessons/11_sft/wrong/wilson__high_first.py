"""The two ends are exchanged. The lower one comes first."""

import math


def wilson(solved, n):
    share, c = solved / n, Z * Z / n
    middle = (2 * share + c) / (2 * (1 + c))
    half = math.sqrt(c * (c / 4 + share * (1 - share))) / (1 + c)
    return middle + half, middle - half
