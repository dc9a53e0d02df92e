"""A gradient that is too long becomes one of length 1. It should have the length max_norm: multiply by max_norm /
length."""

import math


def clip(gradients, max_norm):
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    return [g / norm if norm > max_norm else g for g in gradients]
