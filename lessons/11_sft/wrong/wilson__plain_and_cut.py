"""This is the plain interval, cut off at 0 and 1. Cutting hides that it is wrong there: with 0 solved it still has
no width. Take the standard error of p itself, and solve for p."""

import math


def wilson(solved, n):
    share = solved / n
    half = Z * math.sqrt(share * (1 - share) / n)
    return max(0.0, share - half), min(1.0, share + half)
