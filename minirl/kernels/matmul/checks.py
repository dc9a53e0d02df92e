"""What the arguments of matrix products must be."""

import math

import numpy as np

from minirl.kernels.arguments import FLOAT32, WRITE, check, check_apart, check_float
from minirl.kernels.int8 import INT8, row_length
from minirl.kernels.precision import BFLOAT16

Array = np.ndarray

ACTIVATIONS = {None: 0, "gelu_tanh": 1, "gelu": 2, "silu": 3}  # and their numbers in C


def check_matmul(
    a: Array,
    b: Array,
    transpose_a: bool,
    transpose_b: bool,
    bias: Array | None,
    activation: str | None,
    preactivation: Array | None,
    residual: Array | None,
    out: Array | None,
    accumulate: bool,
    real: np.dtype = FLOAT32,
) -> tuple[tuple[int, ...], int, int, int, int]:
    """(shape of the result, number of products, M, N, K)."""
    if type(b) is np.ndarray and b.dtype == BFLOAT16:
        _check_bfloat16(a, b, transpose_a, transpose_b)
        check_float("matmul", "a", a, real)
        check("matmul", "b", b, (-1, -1), "N K", BFLOAT16)
    elif type(b) is np.ndarray and b.dtype == INT8:
        _check_int8(a, b, transpose_a, transpose_b, accumulate)
        check_float("matmul", "a", a, real)
        check("matmul", "b", b, (-1, -1), "N K/32", INT8)
    else:
        _refuse_bfloat16(a)
        check_float("matmul", "a", a, real)
        check_float("matmul", "b", b, real)
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(f"matmul: a has shape {a.shape} and b {b.shape}; expected (..., M, K) and (..., K, N)")
    M, K = (a.shape[-1], a.shape[-2]) if transpose_a else a.shape[-2:]
    K_b, N = (row_length(b) if b.dtype == INT8 else b.shape[-1], b.shape[-2]) if transpose_b else b.shape[-2:]
    batch = a.shape[:-2] or b.shape[:-2]
    if K_b != K or (a.ndim > 2 and b.ndim > 2 and a.shape[:-2] != b.shape[:-2]):
        stored = f"{' transposed' if transpose_a else ''} and b {b.shape}{' transposed' if transpose_b else ''}"
        raise ValueError(f"matmul: a has shape {a.shape}{stored}; expected (..., M, K) and (..., K, N)")
    shape = (*batch, M, N)
    if bias is not None:
        check("matmul", "bias", bias, (N,), "N", real)
    if residual is not None:
        check("matmul", "residual", residual, shape, "", real)
    if out is not None:
        check("matmul", "out", out, shape, "", real, WRITE)
        check_apart("matmul", "out", out, a=a, b=b, bias=bias, residual=residual)
    if preactivation is not None:
        check("matmul", "preactivation", preactivation, shape, "", real, WRITE)
        check_apart("matmul", "preactivation", preactivation, a=a, b=b, bias=bias, out=out, residual=residual)
    if activation not in ACTIVATIONS:
        raise ValueError(f"matmul: activation {activation!r} is not one of {', '.join(map(repr, ACTIVATIONS))}")
    if accumulate:
        if out is None:
            raise ValueError("matmul: accumulate needs out=")
        if not (bias is activation is preactivation is residual is None):
            raise ValueError("matmul: accumulate goes with neither bias, activation, preactivation nor residual")
    return shape, math.prod(batch) if batch else 1, M, N, K


def _check_bfloat16(a: Array, b: Array, transpose_a: bool, transpose_b: bool) -> None:
    """Raise where matmul cannot take bfloat16 bits: it does only in b, and only as (N, K)."""
    _refuse_bfloat16(a)
    if b.ndim != 2 or transpose_a or not transpose_b:
        raise ValueError(
            f"matmul: b holds bfloat16 bits (uint16) with shape {b.shape}, transpose_a={transpose_a} and "
            f"transpose_b={transpose_b}; expected (N, K), transpose_b=True and no transpose_a. Gradients need other "
            "products: they take float32 weights"
        )


def _check_int8(a: Array, b: Array, transpose_a: bool, transpose_b: bool, accumulate: bool) -> None:
    """Raise where matmul cannot take blocks: it does only in b, and only as (N, K / 32)."""
    _refuse_bfloat16(a)
    if b.ndim != 2 or transpose_a or not transpose_b or accumulate:
        raise ValueError(
            f"matmul: b is held in int8 blocks with shape {b.shape}, transpose_a={transpose_a}, "
            f"transpose_b={transpose_b} and accumulate={accumulate}; expected (N, K/32), transpose_b=True and none of "
            "the others. Gradients need other products: they take float32 weights"
        )


def _refuse_bfloat16(a: Array) -> None:
    if type(a) is np.ndarray and a.dtype == BFLOAT16:
        raise TypeError(
            "matmul: a holds bfloat16 bits (uint16), which only b may: pass kernels.from_bfloat16_bits(a), or a itself "
            "as b of the transposed product"
        )
