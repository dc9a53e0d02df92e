"""The last norm is counted in every layer. There are two norms in each layer, and one more at the end of the model."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    return 2 * vocab_size * d_model + n_layer * (4 * d_model * d_model + 3 * d_model * d_ff + 3 * d_model)
