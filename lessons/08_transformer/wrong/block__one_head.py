"""Attention is done once over all C numbers. It is done in each head, with the D numbers of this head."""

import numpy as np


def block(p, config, x):
    normed = rms_norm(x, p["attention_norm.weight"], config.norm_eps)
    qkv = normed @ p["attention.qkv.weight"].T
    q, k, v = np.split(qkv, 3, axis=1)
    result = attention(rotate(q, config.rope_base), rotate(k, config.rope_base), v)
    x = x + result @ p["attention.projection.weight"].T
    normed = rms_norm(x, p["mlp_norm.weight"], config.norm_eps)
    up = normed @ p["mlp.up.weight"].T
    F = config.ff_size
    return x + swiglu(up[:, :F], up[:, F:]) @ p["mlp.projection.weight"].T
