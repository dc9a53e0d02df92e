"""The line goes on beyond `last` here. From token number `tokens` on, the temperature stays."""


def temperature_at(first, last, tokens, step):
    return first + (last - first) * step / tokens
