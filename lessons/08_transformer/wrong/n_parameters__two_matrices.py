"""The feed-forward part is counted with two matrices. With a gate it has three: two up and one down."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    layer = 4 * d_model * d_model + 2 * d_model * d_ff + 2 * d_model
    return 2 * vocab_size * d_model + n_layer * layer + d_model
