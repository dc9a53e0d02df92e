"""This is the formula for samples that are 0 or 1. For other numbers take their standard deviation, np.std."""

import numpy as np


def standard_error(samples):
    p = np.mean(samples)
    with np.errstate(invalid="ignore"):
        return float(np.sqrt(p * (1 - p) / len(samples)))
