"""This counts the embeddings, the last norm and its gradient once for each layer. They stand outside: there
is one of each."""


def memory(parameters, n_layer, d_model, d_ff, tokens):
    layer = 10 * d_model + 3 * d_ff
    kept = tokens * (n_layer * (layer + 3 * d_model))
    return 4 * parameters, 4 * parameters, 8 * parameters, 4 * kept
