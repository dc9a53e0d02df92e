"""logits[:, targets] and dlogits[:, targets] pick whole columns, so every row gets the targets of all rows.
Name a row for each target, as in exercise 0b.2: logits[np.arange(N), targets]."""

import numpy as np


def cross_entropy(logits, targets):
    normaliser = log_sum_exp(logits)
    loss = (normaliser - logits[:, targets]).mean()
    dlogits = np.exp(logits - normaliser[:, None])
    dlogits[:, targets] -= 1
    return float(loss), dlogits / len(logits)
