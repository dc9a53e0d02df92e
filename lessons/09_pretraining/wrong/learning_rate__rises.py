"""This rises from `final` to the peak after the warmup: 1 - cos goes up where 1 + cos goes down."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 - math.cos(math.pi * x)) / 2
