"""A miss costs half of what it should: the share of misses, 1 - sure / 100, lies on two sides, so the factor is
2 / (1 - sure / 100)."""


def interval_score(low, high, sure, outcome):
    return high - low + 1 / (1 - sure / 100) * max(low - outcome, outcome - high, 0.0)
