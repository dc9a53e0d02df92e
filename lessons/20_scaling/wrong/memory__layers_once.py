"""This counts what one layer keeps. Each of the n_layer layers keeps as much, for backward goes through all
of them."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 10 * d_model + 3 * d_ff
    kept = tokens * (layer + 3 * d_model)
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
