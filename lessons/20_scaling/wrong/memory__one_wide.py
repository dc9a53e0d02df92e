"""This counts d_ff once for gate and up together. Each of them is d_ff wide, and so is their product: 3
d_ff."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 10 * d_model + 2 * d_ff
    kept = tokens * (n_layer * layer + 3 * d_model)
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
