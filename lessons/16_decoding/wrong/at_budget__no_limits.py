"""A budget below one sample, or above all of them, is beyond the table. Then the vote has 1 sample, or K."""


def at_budget(tokens, per_sample, right):
    k = tokens / per_sample
    low = min(max(int(k), 1), max(len(right) - 1, 1))
    if len(right) == 1:
        return right[0].copy()
    return (1 - (k - low)) * right[low - 1] + (k - low) * right[low]
