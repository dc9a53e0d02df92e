"""Row 0 belongs to 1 sample. Here row 1 does, so each budget gets the vote of one sample more."""


def at_budget(tokens, per_sample, right):
    k = min(max(tokens / per_sample, 1.0), float(len(right)))
    low = int(k)
    if low >= len(right) - 1:
        return right[-1].copy()
    return (1 - (k - low)) * right[low] + (k - low) * right[low + 1]
