"""This counts one average for AdamW. It keeps two: that of the gradient, m, and that of its square, v."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 10 * d_model + 3 * d_ff
    kept = tokens * (n_layer * layer + 3 * d_model)
    return 4 * parameters, 4 * parameters, 4 * parameters, 4 * kept
