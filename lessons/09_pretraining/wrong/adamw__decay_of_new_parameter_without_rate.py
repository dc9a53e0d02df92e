"""The decay is not multiplied by the learning rate here, and it is taken from the parameter that has moved already.
Add weight_decay * p, with the old p, to the quotient, and subtract lr times the sum."""

import numpy as np


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p = p - lr * m_hat / (np.sqrt(v_hat) + eps)
    return p - weight_decay * p, m, v
