"""These are the two gradients in the opposite order. Return dx first."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = rstd[:, None] * (g - u * (g * u).mean(axis=-1, keepdims=True))
    dgain = (dy * u).sum(axis=0)
    return dgain, dx
