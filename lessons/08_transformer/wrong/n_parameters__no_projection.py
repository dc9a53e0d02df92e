"""The projection after attention is missing: d_model times d_model parameters in each layer, beside the three for
queries, keys and values."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    return 2 * vocab_size * d_model + n_layer * (3 * d_model * d_model + 3 * d_model * d_ff + 2 * d_model) + d_model
