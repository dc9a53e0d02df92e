"""weights without [:, None] multiplies the columns of the gradient, not its rows. A weight belongs to a token of
the text, and so to a row."""

import numpy as np


def weighted_loss(logits, targets, weights):
    rows = np.arange(len(targets))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_pi = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    gradient = np.exp(log_pi)
    gradient[rows, targets] -= 1
    return -float((weights * log_pi[rows, targets]).sum()), gradient * weights
