"""All that is left out is left out at the upper end. Half of it belongs to each end."""


def best_interval(beliefs, sure):
    ordered = sorted(beliefs)
    return ordered[0], ordered[-1 - len(ordered) * (100 - sure) // 100]
