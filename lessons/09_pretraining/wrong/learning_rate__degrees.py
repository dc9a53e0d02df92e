"""The angle is in degrees here. math.cos takes it in radians: half a turn is pi, not 180."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 + math.cos(180 * x)) / 2
