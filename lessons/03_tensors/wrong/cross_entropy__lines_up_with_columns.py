"""In logits - log_sum_exp, the sums have the shape (N,), and NumPy lines them up with the columns. Make them a
column first: log_sum_exp(logits)[:, None]."""

import numpy as np


def cross_entropy(logits, targets):
    rows, normaliser = np.arange(len(logits)), log_sum_exp(logits)
    loss = (normaliser - logits[rows, targets]).mean()
    dlogits = np.exp(logits - normaliser)
    dlogits[rows, targets] -= 1
    return float(loss), dlogits / len(logits)
