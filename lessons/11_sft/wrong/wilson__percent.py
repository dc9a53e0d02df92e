"""These are percent. The share is a number between 0 and 1, and so are the ends of its interval."""

import math


def wilson(solved, n):
    share, k = solved / n, Z * Z / n
    half = math.sqrt(k * (k / 4 + share * (1 - share))) / (1 + k)
    middle = (2 * share + k) / (2 * (1 + k))
    return 100 * (middle - half), 100 * (middle + half)
