"""The keys are kept as they are, and at each step all of them are turned anew. The logits are right, and the work
grows with the text, which the cache was to prevent. Turn a key once, before it goes into the cache."""


def step(p, config, token, cache):
    C, D, F = len(p["final_norm.weight"]), config.head_size, config.ff_size
    x, new = p["token_embedding.weight"][token], []
    for layer, (keys, values) in enumerate(cache):
        own = eight.inside(p, f"blocks.{layer}.")
        normed = eight.rms_norm(x, own["attention_norm.weight"], config.norm_eps)
        qkv = own["attention.qkv.weight"] @ normed
        place = len(keys)
        q = rotate_at(qkv[:C], config, place)
        keys = np.vstack([keys, qkv[C : 2 * C]])
        values = np.vstack([values, qkv[2 * C :]])
        new.append((keys, values))
        turned = np.array([rotate_at(key, config, t) for t, key in enumerate(keys)])
        heads = [slice(at, at + D) for at in range(0, C, D)]
        found = [attend(q[head], turned[:, head], values[:, head]) for head in heads]
        x = x + own["attention.projection.weight"] @ np.concatenate(found)
        normed = eight.rms_norm(x, own["mlp_norm.weight"], config.norm_eps)
        up = own["mlp.up.weight"] @ normed
        x = x + own["mlp.projection.weight"] @ eight.swiglu(up[:F], up[F:])
    normed = eight.rms_norm(x, p["final_norm.weight"], config.norm_eps)
    return p["head.weight"] @ normed, new
