"""This leaves out what attention computes between tokens: a score and a weighted value for each key, 4
d_model operations in each layer."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    return 3 * (2 * weights)
