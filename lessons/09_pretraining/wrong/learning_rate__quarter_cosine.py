"""This is a quarter of a cosine: its angle goes from 0 to pi / 2, so it falls steeply at the end. Half a cosine goes
to pi. It falls from 1 to -1, and is flat at both ends; (1 + cos) / 2 falls from 1 to 0."""

import math


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * math.cos(math.pi * x / 2)
