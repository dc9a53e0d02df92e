"""The margin begins at the mean of the healthy readings. It begins at the lowest of them, and at the highest."""


def finding(value, healthy):
    low, high = min(healthy), max(healthy)
    mean = sum(healthy) / len(healthy)
    margin = max(2 / 3 * (high - low), 0.05 * high, 0.001)
    if value < mean - margin:
        return "low"
    return "high" if value > mean + margin else "usual"
