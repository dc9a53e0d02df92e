"""This leaves out the output matrix, vocab_size x d_model. The embedding at the beginning costs nothing, as
it looks up a row; the logits at the end are a product with the whole table."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff)
    attention = n_layer * 4 * d_model * (length + 1) / 2
    return 3 * (2 * weights + attention)
