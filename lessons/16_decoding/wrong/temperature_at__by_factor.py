"""This changes by the same factor at each token. A straight line changes by the same amount."""


def temperature_at(first, last, tokens, step):
    return first * (last / first) ** min(step / tokens, 1.0) if first > 0 else last * min(step / tokens, 1.0)
