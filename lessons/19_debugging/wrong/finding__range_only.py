"""The margin is two thirds of the range and nothing else. If all healthy runs agree, as in a share of 1.0 or in a gap
of 1e-7, it is next to nothing. It has to be the largest of three numbers."""


def finding(value, healthy):
    low, high = min(healthy), max(healthy)
    margin = 2 / 3 * (high - low)
    if value < low - margin:
        return "low"
    return "high" if value > high + margin else "usual"
