"""What the arguments of softmax and log-softmax must be."""

import numpy as np

from minirl.kernels.arguments import FLOAT32, check, check_last_axis

Array = np.ndarray


def check_softmax(op: str, x: Array, real: np.dtype = FLOAT32) -> tuple[int, int]:
    """(rows, columns) of x."""
    return check_last_axis(op, "x", x, real)


def check_softmax_backward(op: str, dy: Array, y: Array, real: np.dtype = FLOAT32) -> tuple[int, int]:
    """(rows, columns) of y."""
    sizes = check_last_axis(op, "y", y, real)
    check(op, "dy", dy, y.shape, "", real)
    return sizes
