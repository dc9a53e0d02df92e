"""The step takes the gradient of this batch alone, and not its average m. The noise of single batches would stay.
Divide the corrected average m by the root."""

import numpy as np


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_hat = v / (1 - beta2**t)
    return p - lr * (g / (np.sqrt(v_hat) + eps) + weight_decay * p), m, v
