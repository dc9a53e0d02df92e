"""`scale` is missing in the gradient of A. y is scale times a product of which A is a factor."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = scale * (dy @ B)
    return dlow @ A, (dy @ B).T @ x, scale * (dy.T @ low)
