"""Only the first layer's parameters are used, in every layer. Each block has parameters of its own."""


def gpt(p, config, ids):
    x = p["token_embedding.weight"][ids]
    for _ in range(config.n_layer):
        x = block(inside(p, "blocks.0."), config, x)
    return rms_norm(x, p["final_norm.weight"], config.norm_eps) @ p["head.weight"].T
