"""The warmup takes one step too many: in step `warmup` the rate is above the peak. Steps are counted from 0, so the
warmup has the steps with step < warmup."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step <= warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2
