"""`scale` is missing in the gradient of B. y is scale times a product of which B is a factor."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = scale * (dy @ B)
    return dlow @ A, dlow.T @ x, dy.T @ low
