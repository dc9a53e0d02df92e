"""x is added to what block returns. `block` has already added to x, so it is x = block(..., x)."""


def gpt(p, config, ids):
    x = p["token_embedding.weight"][ids]
    for layer in range(config.n_layer):
        x = x + block(inside(p, f"blocks.{layer}."), config, x)
    return rms_norm(x, p["final_norm.weight"], config.norm_eps) @ p["head.weight"].T
