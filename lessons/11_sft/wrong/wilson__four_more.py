"""This is the interval of Agresti and Coull, the plain one after two more successes and two more failures. It is
near Wilson's, but it is not the solution of the equation."""

import math


def wilson(solved, n):
    share = (solved + 2) / (n + 4)
    half = Z * math.sqrt(share * (1 - share) / (n + 4))
    return max(0.0, share - half), min(1.0, share + half)
