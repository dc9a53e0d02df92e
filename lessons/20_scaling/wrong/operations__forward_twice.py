"""This counts the backward pass like another forward pass. It computes two products for each one of the
forward pass: one for the gradient of the input, one for the gradient of the weights."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 4 * d_model * (length + 1) / 2
    return 2 * (2 * weights + attention)
