"""The output matrix is missing. It has as many numbers as the token table, and is a matrix of its own."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    layer = 4 * d_model * d_model + 3 * d_model * d_ff + 2 * d_model
    return vocab_size * d_model + n_layer * layer + d_model
