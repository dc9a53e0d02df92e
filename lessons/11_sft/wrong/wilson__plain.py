"""This is the plain interval, share plus or minus Z standard errors of the share that was seen. With 0 solved it
has no width, as if the model could never solve a problem. Take the standard error of p itself, and solve for p."""

import math


def wilson(solved, n):
    share = solved / n
    half = Z * math.sqrt(share * (1 - share) / n)
    return share - half, share + half
