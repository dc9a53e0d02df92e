"""The residual stream is not normed here. It grows from layer to layer, and the table expects rows of one size."""


def lens(x, gain, eps, table):
    normed = x
    logits = normed @ table.T
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
