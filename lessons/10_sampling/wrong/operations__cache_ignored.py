"""The cache makes no difference here. With it, the matrices and the attention of the last token alone are
computed."""


def operations(n_layer, d_model, d_ff, vocab_size, tokens, cached):
    C, F = d_model, d_ff
    layer = sum(2 * (4 * C * C + 3 * C * F) + 4 * t * C for t in range(1, tokens + 1))
    return n_layer * layer + 2 * C * vocab_size
