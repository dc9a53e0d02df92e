"""One layer is counted. There are n_layer of them."""


def operations(n_layer, d_model, d_ff, vocab_size, tokens, cached):
    C, F = d_model, d_ff
    numbers = [tokens] if cached else range(1, tokens + 1)
    return sum(2 * (4 * C * C + 3 * C * F) + 4 * t * C for t in numbers) + 2 * C * vocab_size
