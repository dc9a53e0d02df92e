"""Rows and columns are exchanged: this says who is seen by whom. Row t has to hold what token t may see."""

import numpy as np


def may_see(starts):
    which = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    places = np.arange(len(which))
    return (which[:, None] == which) & (places[:, None] <= places)
