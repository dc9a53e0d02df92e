"""The gradients are weighted by their tokens, but the sum is divided by the number of parts. Divide by the number of
all tokens, sum(tokens)."""


def combined(gradients, tokens):
    return sum(g * n for g, n in zip(gradients, tokens)) / len(tokens)
