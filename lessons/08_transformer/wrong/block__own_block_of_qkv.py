"""Each head takes its query, key and value from neighbouring columns here. In qkv, all queries come first, then all
keys, then all values: head h has columns h D to (h + 1) D of each third."""

import numpy as np


def block(p, config, x):
    D = config.head_size
    normed = rms_norm(x, p["attention_norm.weight"], config.norm_eps)
    qkv = normed @ p["attention.qkv.weight"].T
    results = []
    for head in range(config.n_head):
        q, k, v = np.split(qkv[:, 3 * head * D : 3 * (head + 1) * D], 3, axis=1)
        results.append(attention(rotate(q, config.rope_base), rotate(k, config.rope_base), v))
    x = x + np.concatenate(results, axis=1) @ p["attention.projection.weight"].T
    normed = rms_norm(x, p["mlp_norm.weight"], config.norm_eps)
    up = normed @ p["mlp.up.weight"].T
    F = config.ff_size
    return x + swiglu(up[:, :F], up[:, F:]) @ p["mlp.projection.weight"].T
