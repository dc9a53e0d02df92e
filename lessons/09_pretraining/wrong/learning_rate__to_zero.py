"""This falls to 0. It should end at `final`: add `final`, and let only the part above it fall, peak - final."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return peak * (1 + math.cos(math.pi * x)) / 2
