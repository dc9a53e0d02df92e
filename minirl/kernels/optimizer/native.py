"""The optimizer in C: csrc/optimizer.c. One call takes all arrays of a model, as a table of addresses."""

from collections.abc import Sequence

import numpy as np

from minirl.kernels.optimizer.checks import check_adamw, check_adamw_apart, check_scale, check_sum_squares
from minirl.kernels.runtime import check_allocated, ffi, floats, lib

Array = np.ndarray


def adamw(
    p: Sequence[Array],
    g: Sequence[Array],
    m: Sequence[Array],
    v: Sequence[Array],
    *,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    grad_scale: float = 1.0,
) -> None:
    check_adamw(p, g, m, v, step)
    sizes = np.array([x.size for x in p], np.int64)
    tables = {name: _addresses(arrays) for name, arrays in (("p", p), ("g", g), ("m", m), ("v", v))}
    check_adamw_apart({name: np.frombuffer(ffi.buffer(table), np.int64) for name, table in tables.items()}, 4 * sizes)
    lib.kernel_adamw(
        len(p), ffi.from_buffer("int64_t[]", sizes), tables["p"], tables["g"], tables["m"], tables["v"],
        lr, beta1, beta2, eps, weight_decay, 1 - beta1**step, 1 - beta2**step, grad_scale,
    )  # fmt: skip


def sum_squares(x: Sequence[Array]) -> float:
    check_sum_squares(x)
    total = ffi.new("double *")
    sizes = ffi.new("int64_t[]", [x_i.size for x_i in x])
    check_allocated(lib.kernel_sum_squares(len(x), sizes, _addresses(x), total), "sum_squares")
    return total[0]


def scale(x: Array, factor: float) -> None:
    check_scale(x)
    lib.kernel_scale(x.size, floats(x), factor)


def _addresses(arrays: Sequence[Array]) -> object:
    return ffi.new("float *[]", [floats(x) for x in arrays])
