"""This counts the forward pass alone. For each of its products the backward pass computes two: the gradient
of the input and the gradient of the weights. So training takes three times as much."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 4 * d_model * (length + 1) / 2
    return 2 * weights + attention
