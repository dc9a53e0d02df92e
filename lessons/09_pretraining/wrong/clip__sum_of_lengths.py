"""The lengths of the arrays are added. Lengths do not add up like this: one long vector of 3 and 4 has the length 5.
Add the squares of all numbers in all arrays first, and take one root at the end."""

import math


def clip(gradients, max_norm):
    norm = sum(math.sqrt(float((g * g).sum())) for g in gradients)
    return [g * (max_norm / norm) if norm > max_norm else g for g in gradients]
