"""The gains of the norms are missing: two for each layer, and one at the end, of d_model numbers each."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    return 2 * vocab_size * d_model + n_layer * (4 * d_model * d_model + 3 * d_model * d_ff)
