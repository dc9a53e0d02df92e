"""The difference has the wrong sign: it is to be positive where the second model is better."""

import numpy as np


def paired(before, after):
    difference = before - after
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))
