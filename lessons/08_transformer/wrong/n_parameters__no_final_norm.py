"""The last norm is missing: d_model gains before the output matrix, once in the whole model."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    return 2 * vocab_size * d_model + n_layer * (4 * d_model * d_model + 3 * d_model * d_ff + 2 * d_model)
