"""The token table is used as the output matrix. Many models do so; this one has a matrix of its own, head.weight."""


def gpt(p, config, ids):
    x = p["token_embedding.weight"][ids]
    for layer in range(config.n_layer):
        x = block(inside(p, f"blocks.{layer}."), config, x)
    return rms_norm(x, p["final_norm.weight"], config.norm_eps) @ p["token_embedding.weight"].T
