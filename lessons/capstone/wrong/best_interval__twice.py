"""Twice too many are left out: (100 - sure) percent at each end. It is (100 - sure) percent at both ends together."""


def best_interval(beliefs, sure):
    ordered = sorted(beliefs)
    out = min(len(ordered) * (100 - sure) // 100, (len(ordered) - 1) // 2)
    return ordered[out], ordered[-1 - out]
