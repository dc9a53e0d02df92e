"""Matrix products in NumPy: what csrc/matmul.c must compute. Letters: the product of (M, K) and (K, N) is (M, N)."""

from collections.abc import Callable

import numpy as np

from minirl.kernels.activation.reference import gelu, silu
from minirl.kernels.arguments import check_float, real_dtype
from minirl.kernels.int8 import INT8, int8_product
from minirl.kernels.matmul.checks import check_matmul
from minirl.kernels.precision import BFLOAT16, from_bfloat16_bits, precision, round_tf32
from minirl.kernels.precision import round_bfloat16 as rounded

Array = np.ndarray


def product(a: Array, b: Array) -> Array:
    """A @ B, the idea of this file: C[i, j] = sum over k of A[i, k] B[k, j]. All that follows is options."""
    return a @ b


# ---- the kernel: the same product, with its options ----


def matmul(
    a: Array,
    b: Array,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    bias: Array | None = None,
    activation: str | None = None,
    preactivation: Array | None = None,
    residual: Array | None = None,
    out: Array | None = None,
    accumulate: bool = False,
) -> Array:
    """A @ B. With its options: activation(A @ B + bias) + residual, or out += A @ B.

    a: (..., M, K), or (..., K, M) with transpose_a. b: (..., K, N), or (..., N, K) with transpose_b. The leading axes
    of a and b are equal, or one of the two has none and serves the whole batch. Returns (..., M, N).

    bias: (N,). activation: None, "gelu_tanh", "gelu" or "silu". preactivation: an array like the result, which receives
    A @ B + bias, because the activation's gradient needs it. residual: an array like the result, added last.

    out: the array to write the result to. accumulate: add the product to what `out` holds; no other option goes with
    it. `out` and `preactivation` may not overlap each other or any input, since results are written while inputs are
    still being read.

    With `kernels.set_precision("bfloat16")` a and b are rounded to bfloat16 and sums stay in float32.

    b may also be held in bfloat16: (N, K) uint16, the bits of `kernels.to_bfloat16_bits`, with transpose_b and without
    transpose_a. The result is what bfloat16 precision makes of a and those numbers, whichever precision is set. C then
    takes about half the time for a few rows of a, where K is even and the processor multiplies pairs of bfloat16 or has
    AVX-512; with AVX2 a little less than with a float32 b.

    Or b is held in int8: (N, K / 32) blocks of `kernels.to_int8_blocks`, with transpose_b alone. Rows of a are rounded
    to such blocks, too (kernels/int8.py), and the sums of blocks are exact.

    Raises TypeError for a wrong dtype, ValueError for a wrong shape, layout, overlap or combination of options.
    """
    check_matmul(
        a, b, transpose_a, transpose_b, bias, activation, preactivation, residual, out, accumulate, real_dtype(a)
    )
    if b.dtype == INT8:
        c = int8_product(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], len(b)).astype(a.dtype, copy=False)
        return finished(c, bias, activation, preactivation, residual, out, accumulate)
    a, b = _in_precision(a, b)
    c = product(a.swapaxes(-1, -2) if transpose_a else a, b.swapaxes(-1, -2) if transpose_b else b)
    return finished(c, bias, activation, preactivation, residual, out, accumulate)


def finished(
    c: Array, bias: Array | None, activation: str | None, preactivation: Array | None, residual: Array | None,
    out: Array | None, accumulate: bool,
) -> Array:  # fmt: skip
    """What `matmul` makes of the product c, (..., M, N), which may be overwritten; its options are explained there."""
    if accumulate and out is not None:
        out += c
        return out
    if bias is not None:
        c += bias
    if preactivation is not None:
        preactivation[...] = c
    if activation is not None:
        c = ACTIVATIONS[activation](c)
    if residual is not None:
        c += residual
    if out is None:
        return c
    out[...] = c
    return out


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "gelu_tanh": gelu,
    "gelu": lambda x: gelu(x, exact=True),
    "silu": silu,
}


def _in_precision(a: Array, b: Array) -> tuple[Array, Array]:
    """The two operands as numbers, rounded where that is asked for."""
    if b.dtype == BFLOAT16:
        return rounded(a), from_bfloat16_bits(b)
    if precision() == "bfloat16":
        return rounded(a), rounded(b)
    if precision() == "tf32":
        return round_tf32(a), round_tf32(b)
    return a, b


def round_bfloat16(x: Array) -> Array:
    """x (...) rounded to the nearest bfloat16, ties to even, and returned in x's own dtype. A NaN stays a NaN.

    float64 goes through float32. Raises TypeError for another dtype.
    """
    check_float("round_bfloat16", "x", x, real_dtype(x))
    return rounded(x)
