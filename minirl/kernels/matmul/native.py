"""Matrix products in C: csrc/matmul.c, matmul_few_rows.c, matmul_bf16.c and matmul_int8.c."""

import numpy as np

from minirl.kernels.arguments import check_float
from minirl.kernels.int8 import INT8
from minirl.kernels.matmul.checks import ACTIVATIONS, check_matmul
from minirl.kernels.precision import BFLOAT16, in_bfloat16
from minirl.kernels.runtime import check_allocated, ffi, floats, lib

Array = np.ndarray


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
    shape, count, M, N, K = check_matmul(
        a, b, transpose_a, transpose_b, bias, activation, preactivation, residual, out, accumulate
    )
    if out is None:
        out = np.empty(shape, np.float32)
    stride_a = M * K if a.ndim > 2 else 0
    stride_b = K * N if b.ndim > 2 else 0
    if stride_b == 0 and not transpose_a and count != 1:  # one matrix b for all: the batch is just more rows
        M, count, stride_a = M * count, 1, 0
    if b.dtype == BFLOAT16:
        status = lib.kernel_matmul_bf16(
            M, N, K, floats(a), ffi.from_buffer("uint16_t[]", b), floats(bias), ACTIVATIONS[activation],
            floats(preactivation), floats(residual), floats(out), accumulate,
        )  # fmt: skip
    elif b.dtype == INT8:
        status = lib.kernel_matmul_int8(
            M, N, K, floats(a), ffi.from_buffer("uint8_t[]", b), floats(bias), ACTIVATIONS[activation],
            floats(preactivation), floats(residual), floats(out),
        )  # fmt: skip
    else:
        status = lib.kernel_matmul(
            count, M, N, K,
            floats(a), stride_a, a.shape[-1], transpose_a,
            floats(b), stride_b, b.shape[-1], transpose_b,
            floats(bias), ACTIVATIONS[activation], floats(preactivation), floats(residual),
            floats(out), M * N, N, accumulate, in_bfloat16(),
        )  # fmt: skip
    check_allocated(status, "matmul")
    return out


def round_bfloat16(x: Array) -> Array:
    check_float("round_bfloat16", "x", x)
    y = np.empty_like(x)
    lib.kernel_round_bf16(x.size, floats(x), floats(y))
    return y
