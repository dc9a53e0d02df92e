"""This goes from `last` to `first`."""


def temperature_at(first, last, tokens, step):
    return last + (first - last) * min(step / tokens, 1.0)
