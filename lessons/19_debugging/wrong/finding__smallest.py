"""The margin is the smallest of the three numbers. It has to be the largest."""


def finding(value, healthy):
    low, high = min(healthy), max(healthy)
    margin = min(2 / 3 * (high - low), 0.05 * high, 0.001)
    if value < low - margin:
        return "low"
    return "high" if value > high + margin else "usual"
