"""Each token sees its whole document, the tokens after it too. There it finds the very token that it has to
predict."""

import numpy as np


def may_see(starts):
    which = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    return which[:, None] == which
