"""The width is right, but the middle is not the share that was seen. It lies nearer to one half, at (2 share + k) /
(2 (1 + k)) with k = Z^2 / n."""

import math


def wilson(solved, n):
    share, k = solved / n, Z * Z / n
    half = math.sqrt(k * (k / 4 + share * (1 - share))) / (1 + k)
    return share - half, share + half
