"""Rotary position embedding on a GPU: csrc/cuda/rope.cu. The tables are made once a model, by NumPy."""

import numpy as np

from minirl.kernels.device import DeviceArray, blocks, device, empty, launch, layout, written
from minirl.kernels.rope import reference
from minirl.kernels.rope.checks import check_rope

Array = np.ndarray | DeviceArray
THREADS = 256  # as in rope.cu


def rope_tables(n_positions: int, head_size: int, base: float = 10000.0) -> tuple[DeviceArray, DeviceArray]:
    cosine, sine = reference.rope_tables(n_positions, head_size, base)
    return device(cosine), device(sine)


def rope(
    x: Array, positions: Array, cosine: Array, sine: Array, *, inverse: bool = False, out: Array | None = None
) -> DeviceArray:
    x = device(x)
    out = None if out is None else written("rope", "out", out)
    x_step, out_step = check_rope(x.layout, layout(positions), layout(cosine), layout(sine), layout(out))
    _, _, H, D = x.shape
    y = empty(x.shape) if out is None else out
    points = x.size // 2
    launch(
        "rope", "rope", blocks(points, THREADS), THREADS, points, H, D, x, x_step, device(positions), positions.size,
        len(cosine), device(cosine), device(sine), -1.0 if inverse else 1.0, y, out_step,
    )  # fmt: skip
    return y
