"""The two policies are exchanged. The mean has to be taken with the new policy, as it is the one that acts."""

import numpy as np


def moved(before, after):
    return (before * np.log(before / np.where(after > 0, after, 1e-300))).sum(axis=1)
