"""The gradient is right. In the loss, logits[:, targets] picks whole columns, so every row gets the targets of
all rows. Pick one number of each row, as in exercise 0b.2: logits[np.arange(N), targets]."""

import numpy as np


def cross_entropy(logits, targets):
    rows, normaliser = np.arange(len(logits)), log_sum_exp(logits)
    loss = (normaliser - logits[:, targets]).mean()
    dlogits = np.exp(logits - normaliser[:, None])
    dlogits[rows, targets] -= 1
    return float(loss), dlogits / len(logits)
