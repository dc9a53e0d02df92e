"""Between two whole numbers of samples this takes the smaller one. Mix the two rows in proportion."""


def at_budget(tokens, per_sample, right):
    k = min(max(tokens / per_sample, 1.0), float(len(right)))
    low = int(k)
    if low == len(right):
        return right[-1].copy()
    return right[low - 1].copy()
