"""The mask is one place too far to the right. np.roll moves in a circle: the mark that leaves at the end comes back at
the beginning. The mask begins with the first token of the answer."""

import numpy as np


def document(prompt, answer, end):
    ids = np.concatenate([prompt, answer, np.array([end], prompt.dtype)])
    return ids, np.roll(np.arange(len(ids)) >= len(prompt), 1)
