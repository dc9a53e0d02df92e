"""This counts the layers alone. The embeddings, the result of the last norm and its gradient are 3 d_model
numbers more for each token."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 10 * d_model + 3 * d_ff
    kept = tokens * (n_layer * layer)
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
