"""The second path is made with x where the normed row u = x * rstd belongs. dgain is right."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = rstd[:, None] * (g - x * (g * x).mean(axis=-1, keepdims=True))
    dgain = (dy * u).sum(axis=0)
    return dx, dgain
