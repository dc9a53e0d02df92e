"""The loss is right. In the gradient, dlogits[targets] picks whole rows: row number target, for each target.
Pick one number of each row, as in exercise 0b.2: dlogits[np.arange(N), targets]."""

import numpy as np


def cross_entropy(logits, targets):
    rows, normaliser = np.arange(len(logits)), log_sum_exp(logits)
    loss = (normaliser - logits[rows, targets]).mean()
    dlogits = np.exp(logits - normaliser[:, None])
    dlogits[targets] -= 1
    return float(loss), dlogits / len(logits)
