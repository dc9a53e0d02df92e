"""The rows are multiplied by `gain`, but not divided by their root mean square."""


def lens(x, gain, eps, table):
    normed = x * gain
    logits = normed @ table.T
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
