"""Each array is shortened by itself. That changes the direction of the step: the whole gradient has to be
multiplied by one factor."""

import math


def clip(gradients, max_norm):
    out = []
    for g in gradients:
        norm = math.sqrt(float((g * g).sum()))
        out.append(g * (max_norm / norm) if norm > max_norm else g)
    return out
