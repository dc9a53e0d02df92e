"""The root is taken of the standard deviation, too, and this is a root already. Only n stands under it."""

import numpy as np


def standard_error(samples):
    return float(np.sqrt(np.std(samples) / len(samples)))
