"""`scale` is left out of all three gradients. y is scale times a product, so every gradient has the factor scale,
once."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = dy @ B
    return dlow @ A, dlow.T @ x, dy.T @ low
