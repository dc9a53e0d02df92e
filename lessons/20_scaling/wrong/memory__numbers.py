"""This counts numbers, and not bytes. A float32 has 4 bytes."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 10 * d_model + 3 * d_ff
    kept = tokens * (n_layer * layer + 3 * d_model)
    return parameters, parameters, 2 * parameters, kept
