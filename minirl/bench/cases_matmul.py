"""Matrix products: the forward pass and both gradients, with the weight stored either way, and generation's few rows.

For y = x w with x (M, K) and w (K, N): dx = dy w^T and dw = x^T dy. PyTorch's linear layers, and Llama's here, store
the weight as (N, K); then y = x w^T, dx = dy w and dw = dy^T x, whose last two are again these forms. Every contender
writes into an array that is there already.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from minirl import kernels
from minirl.bench.case import FLOAT, HALF, Array, Case, normal, torch
from minirl.bench.sizes import Sizes

FORMS = ("x w", "x wᵀ", "dy wᵀ", "xᵀ dy")


def cases(sizes: Sizes) -> Iterator[Case]:
    """Matrix products in float32, with what training needs around them."""
    for M, K, N in sizes.matmul:
        for form in FORMS:
            yield product("matmul", form, M, K, N)


def bf16_cases(sizes: Sizes) -> Iterator[Case]:
    """Inputs rounded to bfloat16 as they are packed, beside NumPy in float32 and PyTorch on bfloat16 tensors."""
    for M, K, N in sizes.large:
        for form in FORMS:
            yield product("matmul bf16", form, M, K, N, bf16=True)


def few_rows_cases(sizes: Sizes) -> Iterator[Case]:
    """Generation multiplies a few new tokens by whole weights, each of which it has to fetch from memory."""
    for M in sizes.few_rows:
        for form in FORMS[:2]:
            yield product("matmul few rows", form, M, sizes.C, sizes.F, cold=True)


def few_rows_bf16_cases(sizes: Sizes) -> Iterator[Case]:
    """The same with weights held in bfloat16, beside NumPy on float32 weights and PyTorch on bfloat16 tensors."""
    for M in sizes.few_rows:
        yield held_in_bf16("matmul few rows bf16", M, sizes.C, sizes.F)


def product(group: str, form: str, M: int, K: int, N: int, *, bf16: bool = False, cold: bool = False) -> Case:
    """One product: 2 M K N operations; both operands are read and the result is written."""
    shape_a, shape_b, shape_c, transpose_a, transpose_b = {
        "x w": ((M, K), (K, N), (M, N), False, False),
        "x wᵀ": ((M, K), (N, K), (M, N), False, True),
        "dy wᵀ": ((M, N), (K, N), (M, K), False, True),
        "xᵀ dy": ((M, K), (M, N), (K, N), True, False),
    }[form]
    out = kernels.empty(shape_c, np.float32)

    def run(a: Array, b: Array) -> Array:
        return kernels.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b, out=out)

    def run_bf16(a: Array, b: Array) -> Array:
        kernels.set_precision("bfloat16")
        try:
            return run(a, b)
        finally:
            kernels.set_precision("float32")

    def run_numpy(a: Array, b: Array) -> Array:
        return np.matmul(a.T if transpose_a else a, b.T if transpose_b else b, out=out)

    def prepare_torch(a: Any, b: Any) -> tuple[Any, ...]:
        a, b = (a.T if transpose_a else a), (b.T if transpose_b else b)
        return (a.bfloat16(), b.bfloat16(), a.new_empty(shape_c).bfloat16()) if bf16 else (a, b, a.new_empty(shape_c))

    def run_torch(a: Any, b: Any, result: Any) -> Any:
        return torch.mm(a, b, out=result)

    return Case(
        group=group,
        name=f"{form}  {M} x {K} x {N}",
        operands=(normal(*shape_a), normal(*shape_b)),
        kernel=run_bf16 if bf16 else run,
        numpy=run_numpy,
        torch=run_torch,
        prepare_torch=prepare_torch,
        flops=2.0 * M * K * N,
        bytes=FLOAT * (M * K + K * N + M * N),
        cold=cold,
        bf16=bf16,
    )


def held_in_bf16(group: str, M: int, K: int, N: int) -> Case:
    """x wᵀ where a weight has two bytes. float32 weights are among the operands too, as NumPy has no bfloat16."""
    plain = product(group, "x wᵀ", M, K, N, cold=True)
    x, wide = plain.operands
    out = kernels.empty((M, N), np.float32)

    def prepare_torch(x: Any, bits: Any, wide: Any) -> tuple[Any, ...]:
        return x.bfloat16(), bits.view(torch.bfloat16).T, x.new_empty((M, N)).bfloat16()

    return replace(
        plain,
        operands=(x, kernels.to_bfloat16_bits(wide), wide),
        kernel=lambda x, bits, wide: kernels.matmul(x, bits, transpose_b=True, out=out),
        numpy=lambda x, bits, wide: np.matmul(x, wide.T, out=out),
        prepare_torch=prepare_torch,
        bytes=FLOAT * (M * K + M * N) + HALF * K * N,
        bf16=True,
    )
