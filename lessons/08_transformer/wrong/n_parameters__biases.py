"""Biases are counted too. This model has none: each matrix product is x @ W.T, and nothing is added."""


def n_parameters(vocab_size, n_layer, d_model, d_ff):
    return (
        2 * vocab_size * d_model
        + n_layer * (4 * d_model * d_model + 3 * d_model * d_ff + 2 * d_ff + 8 * d_model)
        + d_model
    )
