"""What the arguments of activations must be."""

import numpy as np

from minirl.kernels.arguments import FLOAT32, check, check_float, check_rows

Array = np.ndarray


def check_activation(op: str, x: Array, real: np.dtype = FLOAT32) -> None:
    """x: floats of any shape."""
    check_float(op, "x", x, real)


def check_activation_backward(op: str, dy: Array, x: Array, real: np.dtype = FLOAT32) -> None:
    """dy has the shape of x."""
    check_float(op, "x", x, real)
    check(op, "dy", dy, x.shape, "", real)


def check_halves(op: str, gate: Array, up: Array, real: np.dtype = FLOAT32) -> tuple[int, int, int]:
    """gate and up, two arrays (..., F) or the halves of one (..., 2F): (rows, F, step from row to row)."""
    shape = np.shape(gate)
    gate_step, up_step = (check_rows(op, n, x, shape, "", 1, real) for n, x in (("gate", gate), ("up", up)))
    if gate_step != up_step:
        raise ValueError(
            f"{op}: rows of gate lie {gate_step} elements apart and rows of up {up_step}; expected the same distance"
        )
    F = shape[-1]
    return (gate.size // F if F else 0), F, gate_step


def check_halves_backward(op: str, dy: Array, gate: Array, up: Array, real: np.dtype = FLOAT32) -> tuple[int, int, int]:
    """(rows, F, the step from row to row) as check_halves returns them; dy has the shape of gate."""
    sizes = check_halves(op, gate, up, real)
    check(op, "dy", dy, gate.shape, "", real)
    return sizes
