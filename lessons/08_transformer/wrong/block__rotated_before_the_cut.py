"""Queries and keys are rotated as whole rows of C numbers. Cut them into heads first, and rotate in each head: which
numbers are a point, and how fast it turns, depends on D."""

import numpy as np


def block(p, config, x):
    C, D = x.shape[1], config.head_size
    normed = rms_norm(x, p["attention_norm.weight"], config.norm_eps)
    qkv = normed @ p["attention.qkv.weight"].T
    results = []
    queries, keys = (rotate(qkv[:, at : at + C], config.rope_base) for at in (0, C))
    turned = np.hstack([queries, keys, qkv[:, 2 * C :]])
    for head in range(config.n_head):
        q, k, v = (turned[:, start + head * D : start + (head + 1) * D] for start in (0, C, 2 * C))
        results.append(attention(q, k, v))
    x = x + np.concatenate(results, axis=1) @ p["attention.projection.weight"].T
    normed = rms_norm(x, p["mlp_norm.weight"], config.norm_eps)
    up = normed @ p["mlp.up.weight"].T
    F = config.ff_size
    return x + swiglu(up[:, :F], up[:, F:]) @ p["mlp.projection.weight"].T
