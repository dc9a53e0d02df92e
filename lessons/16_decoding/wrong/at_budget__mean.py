"""This averages over the problems. What is asked for is a share for each problem, so that problems can be compared."""


def at_budget(tokens, per_sample, right):
    k = min(max(tokens / per_sample, 1.0), float(len(right)))
    low = int(k)
    if low == len(right):
        return right[-1].copy()
    found = (1 - (k - low)) * right[low - 1] + (k - low) * right[low]
    return np.full_like(found, found.mean())
