"""This counts what a single token leaves behind. The forward pass keeps it for every token of the batch."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 10 * d_model + 3 * d_ff
    kept = n_layer * layer + 3 * d_model
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
