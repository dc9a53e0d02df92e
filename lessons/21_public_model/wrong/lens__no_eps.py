"""eps is left out here. It is added to the mean of the squares."""


def lens(x, gain, eps, table):
    normed = x / np.sqrt((x * x).mean(axis=1, keepdims=True)) * gain
    logits = normed @ table.T
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
