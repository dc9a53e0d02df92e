"""The logits of all tokens are counted. Only the last token's are needed, once."""


def operations(n_layer, d_model, d_ff, vocab_size, tokens, cached):
    C, F = d_model, d_ff
    numbers = [tokens] if cached else range(1, tokens + 1)
    return sum(n_layer * (2 * (4 * C * C + 3 * C * F) + 4 * t * C) + 2 * C * vocab_size for t in numbers)
