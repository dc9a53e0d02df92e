"""This counts two matrices in the feed-forward part. SwiGLU has three: gate, up, and the projection back."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 2 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 4 * d_model * (length + 1) / 2
    return 3 * (2 * weights + attention)
