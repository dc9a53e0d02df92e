"""`scale` is in the gradients of x and A twice."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = scale * scale * (dy @ B)
    return dlow @ A, dlow.T @ x, scale * (dy.T @ low)
