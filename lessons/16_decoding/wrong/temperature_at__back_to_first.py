"""After `tokens` tokens the temperature jumps back to `first` here. It stays at `last`."""


def temperature_at(first, last, tokens, step):
    return first + (last - first) * (step / tokens if step <= tokens else 0.0)
