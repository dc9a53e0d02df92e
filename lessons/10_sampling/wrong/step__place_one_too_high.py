"""Every place is one too high. The logits are right all the same, since attention sees the difference of two places
only. The first token has the place 0: the number of keys before its own is added."""


def step(p, config, token, cache):
    C, D, F = len(p["final_norm.weight"]), config.head_size, config.ff_size
    x, new = p["token_embedding.weight"][token], []
    for layer, (keys, values) in enumerate(cache):
        own = eight.inside(p, f"blocks.{layer}.")
        normed = eight.rms_norm(x, own["attention_norm.weight"], config.norm_eps)
        qkv = own["attention.qkv.weight"] @ normed
        place = len(keys) + 1
        q = rotate_at(qkv[:C], config, place)
        keys = np.vstack([keys, rotate_at(qkv[C : 2 * C], config, place)])
        values = np.vstack([values, qkv[2 * C :]])
        new.append((keys, values))
        heads = [slice(at, at + D) for at in range(0, C, D)]
        found = [attend(q[head], keys[:, head], values[:, head]) for head in heads]
        x = x + own["attention.projection.weight"] @ np.concatenate(found)
        normed = eight.rms_norm(x, own["mlp_norm.weight"], config.norm_eps)
        up = own["mlp.up.weight"] @ normed
        x = x + own["mlp.projection.weight"] @ eight.swiglu(up[:F], up[F:])
    normed = eight.rms_norm(x, p["final_norm.weight"], config.norm_eps)
    return p["head.weight"] @ normed, new
