"""These are percent. The share is a number between 0 and 1, and so are the ends of its interval."""

import math


def wilson(solved, n):
    share, c = solved / n, Z * Z / n
    half = math.sqrt(c * (c / 4 + share * (1 - share))) / (1 + c)
    middle = (2 * share + c) / (2 * (1 + c))
    return 100 * (middle - half), 100 * (middle + half)
