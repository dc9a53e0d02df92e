"""These are nats. A bit is log 2, about 0.69 nats, so divide by that."""


def bits_per_byte(losses, n_bytes):
    return float(losses.sum() / n_bytes)
