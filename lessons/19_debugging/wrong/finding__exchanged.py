"""Low and high are exchanged: a value below the healthy ones is "low"."""


def finding(value, healthy):
    low, high = min(healthy), max(healthy)
    margin = max(2 / 3 * (high - low), 0.05 * high, 0.001)
    if value < low - margin:
        return "high"
    return "low" if value > high + margin else "usual"
