"""The correction is the one of the next step. The first step has t = 1 already, so the power is t and not t + 1."""

import numpy as np


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
    return p - lr * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * p), m, v
