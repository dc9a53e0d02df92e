"""This counts three matrices of attention, for queries, keys and values. The fourth takes the result back to
the residual stream."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (3 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 4 * d_model * (length + 1) / 2
    return 3 * (2 * weights + attention)
