"""Z stands here where its square belongs: with c = Z / n. Both sides of the equation were squared, so Z was too."""

import math


def wilson(solved, n):
    share, c = solved / n, Z / n
    half = math.sqrt(c * (c / 4 + share * (1 - share))) / (1 + c)
    middle = (2 * share + c) / (2 * (1 + c))
    return middle - half, middle + half
