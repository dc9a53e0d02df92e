"""Attention reads x itself. It has to read the normed x: rms_norm with attention_norm.weight."""

import numpy as np


def block(p, config, x):
    C, D = x.shape[1], config.head_size
    qkv = x @ p["attention.qkv.weight"].T
    results = []
    for head in range(config.n_head):
        q, k, v = (qkv[:, start + head * D : start + (head + 1) * D] for start in (0, C, 2 * C))
        results.append(attention(rotate(q, config.rope_base), rotate(k, config.rope_base), v))
    x = x + np.concatenate(results, axis=1) @ p["attention.projection.weight"].T
    normed = rms_norm(x, p["mlp_norm.weight"], config.norm_eps)
    up = normed @ p["mlp.up.weight"].T
    F = config.ff_size
    return x + swiglu(up[:, :F], up[:, F:]) @ p["mlp.projection.weight"].T
