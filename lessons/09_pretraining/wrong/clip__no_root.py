"""This takes the sum of the squares for the length. The length is its root."""


def clip(gradients, max_norm):
    norm = sum(float((g * g).sum()) for g in gradients)
    return [g * (max_norm / norm) if norm > max_norm else g for g in gradients]
