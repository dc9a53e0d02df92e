"""The distance is taken from the middle of the interval. It counts from the nearer end, and is 0 inside."""


def interval_score(low, high, sure, outcome):
    away = abs(outcome - (low + high) / 2)
    return high - low + 2 / (1 - sure / 100) * (away if not low <= outcome <= high else 0.0)
