"""The width is right, but the middle is not the share that was seen. It lies nearer to one half, at (2 share + c) /
(2 (1 + c)) with c = Z^2 / n."""

import math


def wilson(solved, n):
    share, c = solved / n, Z * Z / n
    half = math.sqrt(c * (c / 4 + share * (1 - share))) / (1 + c)
    return share - half, share + half
