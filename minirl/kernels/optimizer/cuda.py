"""The optimizer on a GPU: csrc/cuda/optimizer.cu. Each array of a model is a launch of its own."""

import math
from collections.abc import Sequence

import numpy as np

from minirl.kernels.device import DeviceArray, blocks, device, empty, launch, layout, written
from minirl.kernels.optimizer.checks import check_adamw, check_adamw_apart, check_scale, check_sum_squares

Array = np.ndarray | DeviceArray
THREADS, PIECE = 256, 1 << 14  # as in optimizer.cu


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
    written_to = {name: [written("adamw", name, x) for x in xs] for name, xs in (("p", p), ("m", m), ("v", v))}
    arrays = {**written_to, "g": [device(x) for x in g]}
    lists = {name: [x.layout for x in xs] for name, xs in arrays.items()}
    check_adamw(lists["p"], lists["g"], lists["m"], lists["v"], step)
    addresses = {name: np.array([x.ctypes.data for x in xs], np.int64) for name, xs in lists.items()}
    check_adamw_apart(addresses, np.array([x.nbytes for x in lists["p"]], np.int64))
    keep, rate, root = 1 - lr * weight_decay, lr / (1 - beta1**step), 1 / math.sqrt(1 - beta2**step)
    for p_i, g_i, m_i, v_i in zip(*(arrays[name] for name in "pgmv"), strict=True):
        grid = blocks(p_i.size, THREADS)
        launch(
            "optimizer", "adamw", grid, THREADS, p_i.size, p_i, g_i, m_i, v_i,
            keep, rate, root, beta1, beta2, eps, grad_scale,
        )  # fmt: skip


def sum_squares(x: Sequence[Array]) -> float:
    check_sum_squares([layout(x_i) for x_i in x])
    counts = [blocks(x_i.size, PIECE) for x_i in x]
    sums, total = empty(sum(counts), np.float64), empty(1, np.float64)
    first = 0
    for x_i, count in zip(x, counts, strict=True):
        launch("optimizer", "sum_squares", count, THREADS, x_i.size, first, device(x_i), sums)
        first += count
    launch("optimizer", "add_sums", 1, THREADS, first, sums, total)
    return float(total.numpy()[0])


def scale(x: Array, factor: float) -> None:
    x = written("scale", "x", x)
    check_scale(x.layout)
    launch("optimizer", "scale", blocks(x.size, THREADS), THREADS, x.size, factor, x)
