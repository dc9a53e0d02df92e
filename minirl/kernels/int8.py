"""int8: weights as blocks of 32 whole numbers with one scale, a quarter of float32's memory, for generation.

    weight i of a block = scale * number i        numbers from -127 to 127, scale = largest |weight| / 127

The layout is GGUF's Q8_0 (llama.cpp's ggml-common.h), byte for byte: a float16 and 32 bytes. What a product multiplies
the weights with, it rounds to blocks as well, with a scale in float32. Then the 32 products of a block add up in whole
numbers, and no processor rounds them.
"""

import numpy as np

BLOCK = 32
INT8 = np.dtype([("scale", "<f2"), ("numbers", "i1", (BLOCK,))])
"""One block. A matrix (N, K) is held as (N, K / 32) of them."""

Array = np.ndarray


def numbers_of(x: Array) -> int:
    """How many numbers an array holds, whatever it holds them in."""
    return x.size * BLOCK if x.dtype == INT8 else x.size


def row_length(matrix: Array) -> int:
    """K of a matrix (N, K), whatever it is held in."""
    return matrix.shape[1] * BLOCK if matrix.dtype == INT8 else matrix.shape[1]


def to_int8_blocks(x: Array) -> Array:
    """x (..., K) float32 in blocks: (..., K / 32) of INT8. Numbers are rounded to the nearest, half away from 0, as
    llama.cpp does.

    Raises ValueError for a number that is not finite, and where K is no multiple of 32.
    """
    if x.ndim == 0 or x.shape[-1] % BLOCK:
        raise ValueError(f"int8: rows of {x.shape[-1:]} numbers; expected a multiple of {BLOCK}")
    if not np.isfinite(x).all():
        raise ValueError("int8: a weight is not finite")
    rows = np.ascontiguousarray(x, np.float32).reshape(*x.shape[:-1], -1, BLOCK)
    scale = np.abs(rows).max(axis=-1, keepdims=True) / np.float32(127)
    with np.errstate(divide="ignore"):
        scaled = rows * np.where(scale == 0, np.float32(0), 1 / scale)
    out = np.empty(rows.shape[:-1], INT8)
    out["scale"] = scale[..., 0]
    out["numbers"] = np.clip(np.trunc(np.abs(scaled) + np.float32(0.5)) * np.sign(scaled), -127, 127)
    return out


def from_int8_blocks(blocks: Array) -> Array:
    """The numbers that blocks (..., K / 32) stand for: (..., K) float32, exactly."""
    numbers = blocks["numbers"] * blocks["scale"].astype(np.float32)[..., None]
    return numbers.reshape(*blocks.shape[:-1], -1)


def rounded_blocks(x: Array) -> tuple[Array, Array]:
    """What products round (M, K) float32 to: whole numbers (M, K / 32, 32) from -127 to 127, and scales (M, K / 32).

    scale = largest |x| / 127, numbers = x 127 / largest |x|, rounded to the nearest, half to even. A block whose
    largest number is below 1e-30 becomes zeros; one with a number that is not finite gets the scale NaN.
    """
    rows = x.reshape(len(x), x.shape[1] // BLOCK, BLOCK)
    largest = np.abs(rows).max(axis=-1)
    usable = np.isfinite(largest) & (largest >= np.float32(1e-30))
    size = np.where(usable, largest, np.float32(1))
    numbers = np.rint(np.where(usable[..., None], rows, 0) * (np.float32(127) / size)[..., None])
    scales = np.where(usable, size / np.float32(127), np.where(np.isfinite(largest), np.float32(0), np.float32(np.nan)))
    return numbers.astype(np.int8), scales


def int8_product(a: Array, blocks: Array) -> Array:
    """a B^T for a (M, K) and the matrix (N, K) that the blocks stand for: (M, N) float32. csrc/matmul_int8.c gives the
    same bits, and explains the order of the sums."""
    numbers, scales = rounded_blocks(np.ascontiguousarray(a, np.float32))
    (M, count), N = scales.shape, len(blocks)
    sums = np.zeros((2, 8, M, N), np.float32)  # blocks of even and of odd number, eight sums of four products each
    for i in range(count):
        ours = numbers[:, i].reshape(M, 8, 4).transpose(1, 0, 2).astype(np.float32)
        theirs = blocks["numbers"][:, i].reshape(N, 8, 4).transpose(1, 2, 0).astype(np.float32)
        scale = scales[:, i, None] * blocks["scale"][:, i].astype(np.float32)
        sums[i % 2] += scale * (ours @ theirs)  # whole numbers below 2^17, so float32 adds them exactly
    folded = sums[0] + sums[1]
    for half in (4, 2, 1):
        folded = folded[:half] + folded[half:]
    return folded[0]
