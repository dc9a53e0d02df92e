"""This counts what attention computes between tokens in one layer only. Every layer has an attention of its
own."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = 4 * d_model * (length + 1) / 2
    return 3 * (2 * weights + attention)
