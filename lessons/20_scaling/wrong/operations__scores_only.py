"""This counts the scores of attention and not the means of the values, which take as many operations: 4
d_model for each key and layer, and not 2."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 2 * d_model * (length + 1) / 2
    return 3 * (2 * weights + attention)
