"""The cosine goes to 0 here and is cut off at `final`. So the rate gets there too early, with a kink. The cosine
itself should end at `final`: it carries only the part above it, peak - final."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return max(final, peak * (1 + math.cos(math.pi * x)) / 2)
