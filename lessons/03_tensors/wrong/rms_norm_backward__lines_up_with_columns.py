"""rstd has the shape (N,), one number for each row, and NumPy lines it up with the columns. Make it a column
before it meets x: rstd[:, None]."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd, dy * gain
    dx = rstd * (g - u * (g * u).mean(axis=-1, keepdims=True))
    dgain = (dy * u).sum(axis=0)
    return dx, dgain
