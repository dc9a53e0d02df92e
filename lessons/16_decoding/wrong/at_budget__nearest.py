"""This takes the nearest whole number of samples. Mix the rows on both sides in proportion."""


def at_budget(tokens, per_sample, right):
    k = min(max(tokens / per_sample, 1.0), float(len(right)))
    low = int(k)
    if low == len(right):
        return right[-1].copy()
    return right[low - 1 if k - low < 0.5 else low].copy()
