"""There is no margin: whatever lies outside the healthy runs is called odd. But a seventh healthy run lies outside the
range of six others quite often."""


def finding(value, healthy):
    if value < min(healthy):
        return "low"
    return "high" if value > max(healthy) else "usual"
