"""The two betas are exchanged: the gradient gets the long memory and its square the short one."""

import numpy as np


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta2 * m + (1 - beta2) * g
    v = beta1 * v + (1 - beta1) * g * g
    return p - lr * (m / (1 - beta2**t) / (np.sqrt(v / (1 - beta1**t)) + eps) + weight_decay * p), m, v
