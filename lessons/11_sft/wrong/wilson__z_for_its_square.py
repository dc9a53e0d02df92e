"""Z stands here where its square belongs: with k = Z / n. Both sides of the equation were squared, so Z was too."""

import math


def wilson(solved, n):
    share, k = solved / n, Z / n
    half = math.sqrt(k * (k / 4 + share * (1 - share))) / (1 + k)
    middle = (2 * share + k) / (2 * (1 + k))
    return middle - half, middle + half
