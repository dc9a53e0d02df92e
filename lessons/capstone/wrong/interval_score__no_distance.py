"""A miss costs the same here, however far it is. Multiply 2 / (1 - sure / 100) by the distance from the nearer end."""


def interval_score(low, high, sure, outcome):
    return high - low + (0 if low <= outcome <= high else 2 / (1 - sure / 100))
