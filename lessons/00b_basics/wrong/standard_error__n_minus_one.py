"""This divides by n - 1 in one place. There are good reasons for it, but in this course the standard deviation
divides by n, as np.std does, and so does the standard error."""

import numpy as np


def standard_error(samples):
    return float(np.std(samples, ddof=1) / np.sqrt(len(samples)))
