"""The temperature is used nowhere but at 0. Divide the logits by it, before the exponential."""

import numpy as np


def policy(logits, temperature):
    if temperature == 0:
        return np.where(np.arange(len(logits)) == np.argmax(logits), 1.0, 0.0)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()
