"""The means of the second path have the shape (N,), and NumPy lines them up with the columns: each row meets
the means of the others. Make them a column, with keepdims=True or [:, None]."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = rstd[:, None] * (g - u * (g * u).mean(axis=-1))
    dgain = (dy * u).sum(axis=0)
    return dx, dgain
