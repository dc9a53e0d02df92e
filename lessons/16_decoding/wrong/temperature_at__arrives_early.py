"""This arrives at `last` one token too early: at token number `tokens` - 1 instead of `tokens`."""


def temperature_at(first, last, tokens, step):
    return first + (last - first) * min(step / max(tokens - 1, 1), 1.0)
