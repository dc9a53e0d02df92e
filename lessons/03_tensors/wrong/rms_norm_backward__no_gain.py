"""The gain is missing in dx: dy has to be multiplied by it before anything else."""


def rms_norm_backward(dy, x, gain, rstd):
    u = x * rstd[:, None]
    dx = rstd[:, None] * (dy - u * (dy * u).mean(axis=-1, keepdims=True))
    return dx, (dy * u).sum(axis=0)
