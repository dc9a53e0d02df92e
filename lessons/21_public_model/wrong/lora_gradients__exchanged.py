"""The gradients of A and B are exchanged: first x, then A, then B."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = scale * (dy @ B)
    return dlow @ A, scale * (dy.T @ low), dlow.T @ x
