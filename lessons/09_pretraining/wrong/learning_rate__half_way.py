"""The angle goes to pi / 2 only, so the fall stops half-way, in the middle between the peak and `final`. Half a
cosine goes to pi."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x / 2)) / 2
