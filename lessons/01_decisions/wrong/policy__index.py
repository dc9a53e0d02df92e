"""At temperature 0 this is the place of the largest logit. A policy is a list of probabilities: 1 at this place, and
0 everywhere else."""

import numpy as np


def policy(logits, temperature):
    if temperature == 0:
        return np.argmax(logits)
    scaled = logits / temperature
    weights = np.exp(scaled - scaled.max())
    return weights / weights.sum()
