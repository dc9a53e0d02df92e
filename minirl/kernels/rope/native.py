"""Rotary position embedding in C: csrc/rope.c. The tables are made once a model, by NumPy."""

import numpy as np

from minirl.kernels.rope.checks import check_rope
from minirl.kernels.runtime import first_row, floats, ints, lib

Array = np.ndarray


def rope(
    x: Array, positions: Array, cosine: Array, sine: Array, *, inverse: bool = False, out: Array | None = None
) -> Array:
    x_step, out_step = check_rope(x, positions, cosine, sine, out)
    B, T, H, D = x.shape
    if positions.ndim == 1 and B != 1:
        positions = np.ascontiguousarray(np.broadcast_to(positions, (B, T)))
    if out is None:
        out = np.empty(x.shape, np.float32)
    lib.kernel_rope(
        B * T, H, D, first_row(x), x_step, ints(positions), floats(cosine), floats(sine), inverse,
        first_row(out), out_step,
    )  # fmt: skip
    return out
