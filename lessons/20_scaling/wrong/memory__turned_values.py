"""This counts turned values too. RoPE turns queries and keys, and leaves the values as they are."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 11 * d_model + 3 * d_ff
    kept = tokens * (n_layer * layer + 3 * d_model)
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
