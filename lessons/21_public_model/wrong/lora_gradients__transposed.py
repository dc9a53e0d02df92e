"""The gradients of A and B are transposed here. A gradient has the shape of what it belongs to: A is (r, C), and B is
(F, r)."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = scale * (dy @ B)
    return dlow @ A, (dlow.T @ x).T, scale * (dy.T @ low).T
