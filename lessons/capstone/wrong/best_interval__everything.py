"""This is the interval that cannot miss. It is too wide: it pays for the rarest outcomes in every case."""


def best_interval(beliefs, sure):
    return min(beliefs), max(beliefs)
