"""This divides by the mean square of the gradient and not by its root. The step then depends on the scale of the
loss."""


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return p - lr * (m / (1 - beta1**t) / (v / (1 - beta2**t) + eps) + weight_decay * p), m, v
