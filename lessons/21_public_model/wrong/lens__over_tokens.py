"""The softmax is taken over the tokens of the text here. It is taken over the vocabulary, in each row: axis=1."""


def lens(x, gain, eps, table):
    normed = x / np.sqrt((x * x).mean(axis=1, keepdims=True) + eps) * gain
    logits = normed @ table.T
    p = np.exp(logits - logits.max(axis=0, keepdims=True))
    return p / p.sum(axis=0, keepdims=True)
