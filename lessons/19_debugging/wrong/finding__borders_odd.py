"""A reading exactly at the border is called odd here. The border is still usual, at both ends: compare with < and >."""


def finding(value, healthy):
    low, high = min(healthy), max(healthy)
    margin = max(2 / 3 * (high - low), 0.05 * high, 0.001)
    if value <= low - margin:
        return "low"
    return "high" if value >= high + margin else "usual"
