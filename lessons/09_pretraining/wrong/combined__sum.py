"""This is a sum over the tokens. Divide by the number of all tokens, so that a larger batch does not make a larger
step."""


def combined(gradients, tokens):
    return sum(g * n for g, n in zip(gradients, tokens))
