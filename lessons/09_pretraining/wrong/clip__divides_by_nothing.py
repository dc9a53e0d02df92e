"""All these gradients are 0, so their length is 0, and max_norm / length divides by it. Divide only if the length is
above max_norm."""

import math


def clip(gradients, max_norm):
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    return [g * min(1.0, max_norm / norm) for g in gradients]
