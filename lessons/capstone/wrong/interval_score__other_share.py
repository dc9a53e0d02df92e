"""A miss is multiplied by 2 / (sure / 100). It has to cost more for somebody who was surer: divide by 1 - sure / 100,
the share of misses that was announced."""


def interval_score(low, high, sure, outcome):
    return high - low + 2 / (sure / 100) * max(low - outcome, outcome - high, 0.0)
