"""The gradient is divided by the number of all logits, N V. The loss is a mean over the N rows, so divide by N
alone."""

import numpy as np


def cross_entropy(logits, targets):
    rows, normaliser = np.arange(len(logits)), log_sum_exp(logits)
    loss = (normaliser - logits[rows, targets]).mean()
    dlogits = np.exp(logits - normaliser[:, None])
    dlogits[rows, targets] -= 1
    return float(loss), dlogits / logits.size
