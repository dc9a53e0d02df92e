"""The logarithms are added up without their weights, so that tokens which hardly ever come up count as much as the
others. Multiply each by after(a)."""

import numpy as np


def moved(before, after):
    return np.log(np.where(after > 0, after, before) / before).sum(axis=1)
