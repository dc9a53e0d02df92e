"""The step is right, but the corrected averages are returned. The next step would take them for the plain ones, and
they would be corrected again and again. Give the corrected ones names of their own, m_hat and v_hat, and return m and
v."""

import numpy as np


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - lr * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * p), m_hat, v_hat
