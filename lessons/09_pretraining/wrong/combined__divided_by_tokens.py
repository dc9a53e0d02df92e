"""Each gradient is divided by its number of tokens. But it is a mean already: multiplied by its number of tokens, it
is the sum over them."""


def combined(gradients, tokens):
    return sum(g / n for g, n in zip(gradients, tokens))
