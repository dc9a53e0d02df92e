"""This is one token ahead: token number 0 should have the temperature `first`."""


def temperature_at(first, last, tokens, step):
    return first + (last - first) * min((step + 1) / tokens, 1.0)
