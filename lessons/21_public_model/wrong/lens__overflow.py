"""The largest logit is not subtracted before exp, so large logits overflow (lesson 3)."""


def lens(x, gain, eps, table):
    normed = x / np.sqrt((x * x).mean(axis=1, keepdims=True) + eps) * gain
    logits = normed @ table.T
    p = np.exp(logits)
    return p / p.sum(axis=1, keepdims=True)
