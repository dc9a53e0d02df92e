"""The seam of minirl's matrix product: an adapter that makes do with the plain product (M, K) times (K, N).

`kernels.matmul` takes transposes, batches, a bias, an activation, a residual, an array to write to or to add to. A
learner's function takes two matrices. The adapter stands between: it turns the operands over, calls the function, and
does the rest in NumPy. That costs time, which is counted apart, so that the learner's function is not blamed for it.

Every product of training goes through here: the layers, their gradients, and the output layer, where the loss
multiplies a chunk of tokens at a time. The calls are counted by the place that they come from. What attention
multiplies inside its own C is no call of `kernels.matmul`, and is not counted.
"""

import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from minirl import kernels
from minirl.kernels.matmul.checks import check_matmul
from minirl.kernels.matmul.reference import finished
from minirl.lessons.compare import Bound
from minirl.lessons.parts import Ledger, Seam
from minirl.swap import Function

Array = np.ndarray
SITES = {  # the file and function that calls, and what it is for
    ("layers", "linear"): "layers, forward",
    ("layers", "backward"): "gradients of inputs",
    ("autograd", "add_product"): "gradients of weights",
    ("tensor", "matmul"): "products of tensors",
    ("tensor", "backward"): "gradients of products",
    ("chunked", "linear_cross_entropy"): "output layer, and its gradients",
}
NO_SITES = ("matmul_seam", "parts", "swap")  # files between the caller and this one


def matmul_seam(name: str) -> Seam:
    """A seam of this name for a function (a, b) -> c of float32 matrices."""
    ledger = Ledger()
    return Seam(
        name,
        places=[("minirl.kernels:matmul", lambda multiply, original: adapter(multiply, original, ledger))],
        oracle=np.matmul,
        bound=product_bound,
        meter="minirl.kernels:matmul",
        unit="multiply-adds",
        work=lambda a, b: a.size * b.shape[1],
        metered=multiply_adds,
        ledger=ledger,
    )


def adapter(multiply: Function, original: Function, ledger: Ledger) -> Function:
    """`kernels.matmul` by way of multiply(a, b), which takes two C-contiguous float32 matrices."""

    def fitted(
        a: Array, b: Array, *, transpose_a: bool = False, transpose_b: bool = False, bias: Array | None = None,
        activation: str | None = None, preactivation: Array | None = None, residual: Array | None = None,
        out: Array | None = None, accumulate: bool = False,
    ) -> Array:  # fmt: skip
        if a.dtype != np.float32 or b.dtype != np.float32 or kernels.precision() != "float32":
            return original(
                a, b, transpose_a=transpose_a, transpose_b=transpose_b, bias=bias, activation=activation,
                preactivation=preactivation, residual=residual, out=out, accumulate=accumulate,
            )  # fmt: skip
        start = time.process_time()
        shape, *_ = check_matmul(
            a, b, transpose_a, transpose_b, bias, activation, preactivation, residual, out, accumulate
        )
        ledger.sites[site()] += 1
        c, inside = product(
            multiply, a.swapaxes(-1, -2) if transpose_a else a, b.swapaxes(-1, -2) if transpose_b else b
        )
        result = finished(c.reshape(shape), bias, activation, preactivation, residual, out, accumulate)
        ledger.seconds += time.process_time() - start - inside
        return result

    return fitted


def product(multiply: Function, a: Array, b: Array) -> tuple[Array, float]:
    """a @ b by multiply, for any leading axes, and the seconds in multiply."""
    pairs = [(a.reshape(math.prod(a.shape[:-1]), a.shape[-1]), b)]  # one b for all: the batch is just more rows
    if b.ndim > 2:
        pairs = [(a if a.ndim == 2 else a.reshape(-1, *a.shape[-2:])[i], one)
                 for i, one in enumerate(b.reshape(-1, *b.shape[-2:]))]  # fmt: skip
    ready = [(np.ascontiguousarray(one), np.ascontiguousarray(other)) for one, other in pairs]
    start = time.process_time()
    made = [multiply(one, other) for one, other in ready]
    inside = time.process_time() - start
    return (made[0] if len(made) == 1 else np.stack(made)), inside


def site() -> str:
    """What the product is for, from the function of minirl that asked for it."""
    frame: Any = sys._getframe(1)
    while frame is not None and Path(frame.f_code.co_filename).stem in NO_SITES:
        frame = frame.f_back
    if frame is None:
        return "elsewhere"
    place = Path(frame.f_code.co_filename).stem, frame.f_code.co_name
    return SITES.get(place, "elsewhere")


def multiply_adds(a: Array, b: Array, *, transpose_a: bool = False, **named: Any) -> float:
    """M N K of all products of one call: `a` holds M K numbers for each, and `b` gives the N."""
    N = b.shape[-2] if named.get("transpose_b") else b.shape[-1]
    batch = b.size // (b.shape[-1] * b.shape[-2]) if b.ndim > 2 and a.ndim == 2 and b.size else 1
    return float(a.size * N * batch)


def product_bound(a: Array, b: Array) -> Bound:
    """What rounding may do to a product: sums of K terms, none larger than the largest of a times the largest of b."""
    largest = float(np.abs(a).max(initial=0.0)) * float(np.abs(b).max(initial=0.0))
    return Bound(a.shape[1], max(largest, 1e-30), factor=1, reason=f"a sum of {a.shape[1]} products")
