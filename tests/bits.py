"""The bits of an array, to compare."""

import numpy as np

from minirl.autograd import Array


def bits(x: Array) -> bytes:
    """An array's bytes, to compare."""
    return np.ascontiguousarray(x).tobytes()
