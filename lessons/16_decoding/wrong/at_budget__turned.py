"""The two rows have each other's part. With 2.25 samples, row 1 counts three parts of four."""


def at_budget(tokens, per_sample, right):
    k = min(max(tokens / per_sample, 1.0), float(len(right)))
    low = int(k)
    if low == len(right):
        return right[-1].copy()
    return (k - low) * right[low - 1] + (1 - (k - low)) * right[low]
