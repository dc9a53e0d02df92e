"""The averages are not corrected for having begun at 0. With beta1 = 0.9 and beta2 = 0.95 the first step is then
less than half as long as it should be."""

import numpy as np


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return p - lr * (m / (np.sqrt(v) + eps) + weight_decay * p), m, v
