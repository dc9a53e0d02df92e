"""The first token of each document is counted with the document before. np.searchsorted(starts, places) does this;
with side="right" it does not."""

import numpy as np


def may_see(starts):
    places = np.arange(int(starts[-1]))
    which = np.searchsorted(starts, places)
    return (which[:, None] == which) & (places[:, None] >= places)
