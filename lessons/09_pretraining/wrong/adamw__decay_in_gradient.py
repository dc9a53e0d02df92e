"""The decay is added to the gradient. Then it goes through the averages and is divided by the size of the
gradient: parameters with large gradients hardly decay. That is Adam with L2, not AdamW."""

import numpy as np


def adamw(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return p - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v
