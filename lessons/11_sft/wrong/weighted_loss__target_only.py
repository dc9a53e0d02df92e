"""Only the 1 of the target is weighted, and the softmax is not. A token of weight 0 then still pushes all logits of
its row down: the whole row has to be multiplied by the weight."""

import numpy as np


def weighted_loss(logits, targets, weights):
    rows = np.arange(len(targets))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_pi = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    gradient = np.exp(log_pi)
    gradient[rows, targets] -= weights
    return -float((weights * log_pi[rows, targets]).sum()), gradient
