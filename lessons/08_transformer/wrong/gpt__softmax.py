"""These are probabilities. `gpt` returns the logits, before any softmax: whoever draws a token applies it."""

import numpy as np


def gpt(p, config, ids):
    x = p["token_embedding.weight"][ids]
    for layer in range(config.n_layer):
        x = block(inside(p, f"blocks.{layer}."), config, x)
    logits = rms_norm(x, p["final_norm.weight"], config.norm_eps) @ p["head.weight"].T
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
