"""This counts one operation for each weight. There are two: the number is multiplied with the weight, and the
product is added to a sum."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 4 * d_model * (length + 1) / 2
    return 3 * (weights + attention)
