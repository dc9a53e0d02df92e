"""`scale` is in the gradient of B twice: in the low product and once more."""


def lora_gradients(dy, x, A, B, scale):
    low = scale * (x @ A.T)
    dlow = scale * (dy @ B)
    return dlow @ A, dlow.T @ x, scale * (dy.T @ low)
