"""This counts 9 d_model for a layer, where there are 10. Are both norms among them, and both sums, and what
attention returns?"""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 9 * d_model + 3 * d_ff
    kept = tokens * (n_layer * layer + 3 * d_model)
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
