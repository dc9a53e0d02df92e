"""Attention costs the same for every token here. The token with the number t looks at t tokens, so it takes 4 t C."""


def operations(n_layer, d_model, d_ff, vocab_size, tokens, cached):
    C, F = d_model, d_ff
    numbers = [tokens] if cached else range(1, tokens + 1)
    layer = sum(2 * (4 * C * C + 3 * C * F) + 4 * tokens * C for _ in numbers)
    return n_layer * layer + 2 * C * vocab_size
