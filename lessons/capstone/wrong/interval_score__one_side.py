"""Outcomes above the interval are charged, and outcomes below it are not."""


def interval_score(low, high, sure, outcome):
    return high - low + 2 / (1 - sure / 100) * max(outcome - high, 0.0)
