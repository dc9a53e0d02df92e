"""This takes length / 2 for the mean number of keys. A token sees itself too, so the numbers are 1, 2, ...,
length, and their mean is (length + 1) / 2."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 4 * d_model * length / 2
    return 3 * (2 * weights + attention)
