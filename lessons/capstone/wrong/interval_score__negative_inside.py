"""Inside the interval the distance comes out negative, and the cost falls below the width. Inside it is 0."""


def interval_score(low, high, sure, outcome):
    return high - low + 2 / (1 - sure / 100) * max(low - outcome, outcome - high)
