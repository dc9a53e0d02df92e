"""`final` is added to the whole peak, so the fall begins at peak + final. Only the part above `final` falls: peak -
final."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + peak * (1 + math.cos(math.pi * x)) / 2
