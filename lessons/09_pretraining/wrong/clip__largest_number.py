"""The largest number is taken for the length here. The length is the root of the sum of all squares: 5 for the
numbers 3 and 4."""


def clip(gradients, max_norm):
    norm = max(float(abs(g).max()) for g in gradients)
    return [g * (max_norm / norm) if norm > max_norm else g for g in gradients]
