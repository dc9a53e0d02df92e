"""What the arguments of the losses must be."""

import numpy as np

from minirl.kernels.arguments import FLOAT32, INT32, READ, WRITE, check, check_apart, check_held, check_ids
from minirl.kernels.int8 import INT8
from minirl.kernels.precision import BFLOAT16

Array = np.ndarray


def check_cross_entropy(
    logits: Array, targets: Array, weights: Array | None, ignore_index: int, gradient: bool, real: np.dtype = FLOAT32
) -> tuple[int, int]:
    """(N, V), the shape of the logits."""
    check("cross_entropy", "logits", logits, (-1, -1), "N V", real, WRITE if gradient else READ)
    N, V = logits.shape
    _check_targets("cross_entropy", targets, weights, N, V, ignore_index, real)
    if gradient:
        check_apart("cross_entropy", "logits", logits, targets=targets, weights=weights)
    return N, V


def check_linear_cross_entropy(
    op: str,
    h: Array,
    weight: Array,
    targets: Array,
    weights: Array | None,
    ignore_index: int,
    gradient: bool,
    real: np.dtype = FLOAT32,
) -> None:
    """h: (N, C), weight: (V, C), targets: (N,) ids below V, weights: (N,) or None."""
    check(op, "h", h, (-1, -1), "N C", real)
    N, C = h.shape
    check_held(op, "weight", weight, (-1, C), "V C", real)
    _check_targets(op, targets, weights, N, len(weight), ignore_index, real)
    if gradient and weight.dtype in (BFLOAT16, INT8):
        held = "bfloat16 (uint16 bits)" if weight.dtype == BFLOAT16 else "int8 blocks"
        raise TypeError(
            f"{op}: the weight is held in {held}, which has no gradients: it serves generation. Train "
            "the float32 model, or compute the loss alone, without gradients"
        )


def _check_targets(
    op: str, targets: Array, weights: Array | None, N: int, V: int, ignore_index: int, real: np.dtype
) -> None:
    check(op, "targets", targets, (N,), "N", INT32)
    check_ids(op, "targets", targets, V, ignore_index)
    if weights is not None:
        check(op, "weights", weights, (N,), "N", real)
