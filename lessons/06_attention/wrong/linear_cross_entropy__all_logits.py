"""All logits are in memory at once: either they are all made at once, or those of every chunk are kept. Make a
chunk's logits, use their gradient, and let it go before the next chunk."""

import numpy as np


def linear_cross_entropy(h, W, targets, weights, chunk):
    loss, dh, dW = 0.0, np.empty_like(h), np.zeros_like(W)
    for start in range(0, len(h), len(h)):
        part = slice(start, start + len(h))
        log_pi, dz = of_rows(h[part] @ W.T, targets[part], weights[part])
        loss -= float((weights[part] * log_pi).sum(dtype=np.float64))
        dh[part] = dz @ W
        dW += dz.T @ h[part]
    return loss, dh, dW
