"""The heads get the wrong columns: every n_head-th one, and not D neighbouring ones. The shapes fit, and the
numbers are mixed up."""

import numpy as np


def block(p, config, x):
    C = x.shape[1]
    normed = rms_norm(x, p["attention_norm.weight"], config.norm_eps)
    qkv = normed @ p["attention.qkv.weight"].T
    results = []
    for head in range(config.n_head):
        q, k, v = (qkv[:, start + head : start + C : config.n_head] for start in (0, C, 2 * C))
        results.append(attention(rotate(q, config.rope_base), rotate(k, config.rope_base), v))
    x = x + np.concatenate(results, axis=1) @ p["attention.projection.weight"].T
    normed = rms_norm(x, p["mlp_norm.weight"], config.norm_eps)
    up = normed @ p["mlp.up.weight"].T
    F = config.ff_size
    return x + swiglu(up[:, :F], up[:, F:]) @ p["mlp.projection.weight"].T
