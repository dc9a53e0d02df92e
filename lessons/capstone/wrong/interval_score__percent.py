"""`sure` is a percentage: 80, and not 0.8. Divide it by 100 before you subtract it from 1."""


def interval_score(low, high, sure, outcome):
    return high - low + 2 / (1 - sure) * max(low - outcome, outcome - high, 0.0)
