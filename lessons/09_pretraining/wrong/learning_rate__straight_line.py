"""This falls in a straight line. The fall has the form of half a cosine: flat at the beginning, steep in the middle,
flat at the end."""


def learning_rate(step, peak, warmup, total, final):
    if step < warmup:
        return peak * (step + 1) / warmup
    x = min((step - warmup) / max(total - warmup, 1), 1.0)
    return final + (peak - final) * (1 - x)
