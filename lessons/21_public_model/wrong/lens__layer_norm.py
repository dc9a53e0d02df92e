"""The mean is subtracted first here. That is GPT-2's norm, LayerNorm; RMSNorm does not."""


def lens(x, gain, eps, table):
    normed = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps) * gain
    logits = normed @ table.T
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
