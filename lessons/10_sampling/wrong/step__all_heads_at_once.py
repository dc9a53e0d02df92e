"""All heads are taken as one: `attend` gets all C numbers of query, keys and values. Each head has columns of its
own, D of them, and a softmax of its own."""


def step(p, config, token, cache):
    C, F = len(p["final_norm.weight"]), config.ff_size
    x, new = p["token_embedding.weight"][token], []
    for layer, (keys, values) in enumerate(cache):
        own = eight.inside(p, f"blocks.{layer}.")
        normed = eight.rms_norm(x, own["attention_norm.weight"], config.norm_eps)
        qkv = own["attention.qkv.weight"] @ normed
        place = len(keys)
        q = rotate_at(qkv[:C], config, place)
        keys = np.vstack([keys, rotate_at(qkv[C : 2 * C], config, place)])
        values = np.vstack([values, qkv[2 * C :]])
        new.append((keys, values))
        found = attend(q, keys, values)
        x = x + own["attention.projection.weight"] @ found
        normed = eight.rms_norm(x, own["mlp_norm.weight"], config.norm_eps)
        up = own["mlp.up.weight"] @ normed
        x = x + own["mlp.projection.weight"] @ eight.swiglu(up[:F], up[F:])
    normed = eight.rms_norm(x, p["final_norm.weight"], config.norm_eps)
    return p["head.weight"] @ normed, new
