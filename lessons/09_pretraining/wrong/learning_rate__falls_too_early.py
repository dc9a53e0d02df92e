"""The fall is one step ahead: step `warmup` should still have the peak. The share of the way is (step - warmup) /
(total - warmup), 0 there and 1 at step `total`."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup + 1) / (total - warmup + 1), 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2
