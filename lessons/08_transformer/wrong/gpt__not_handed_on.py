"""Every layer gets the x of the table, and only the last result is used. Each layer reads what the one before it
returned: x = block(..., x)."""


def gpt(p, config, ids):
    x = p["token_embedding.weight"][ids]
    for layer in range(config.n_layer):
        y = block(inside(p, f"blocks.{layer}."), config, x)
    return rms_norm(y, p["final_norm.weight"], config.norm_eps) @ p["head.weight"].T
