"""This lets each token attend to all tokens of the text. It sees those before it and itself: 1 key for the
first token, 2 for the second, (length + 1) / 2 on average."""


def operations(vocab_size, n_layer, d_model, d_ff, length):
    weights = n_layer * (4 * d_model * d_model + 3 * d_model * d_ff) + vocab_size * d_model
    attention = n_layer * 4 * d_model * length
    return 3 * (2 * weights + attention)
