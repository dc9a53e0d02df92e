"""Quantized weights: a block of numbers shares a scale, and each number needs few bits.

    type     block   bytes   bits/number   number i
    Q8_0        32      34           8.5    d q_i              q_i from -128 to 127
    Q4_0        32      18           4.5    d (q_i - 8)        q_i from 0 to 15
    Q4_1        32      20           5.0    d q_i + m
    Q4_K       256     144           4.5    d s_j q_i - e m_j  eight groups j of 32, s_j and m_j from 0 to 63
    Q6_K       256     210          6.56    d s_j (q_i - 32)   sixteen groups j of 16, s_j from -128 to 127

d, m and e are float16. F32, F16 and BF16 are no blocks: a number each. The layouts are those of llama.cpp
(ggml-common.h and ggml-quants.c); tests compare with the gguf package. Only reading needs all of them; minirl writes
F32, F16 and Q8_0.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minirl.kernels.int8 import to_int8_blocks
from minirl.kernels.precision import from_bfloat16_bits

Array = np.ndarray

LOW_HALVES = np.uint64(0x0F0F0F0F0F0F0F0F)  # of eight bytes


class Kind(NamedTuple):
    """A type of weights: its number in files, the numbers and bytes of a block, and how bytes become numbers."""

    name: str
    number: int
    block: int
    size: int
    numbers: Callable[[Array, Array], None]
    """Blocks (n, size) of uint8 to numbers (n, block) of float32, which are written into the second array."""


def _float32(data: Array, out: Array) -> None:
    out[:] = data.view("<f4")


def _float16(data: Array, out: Array) -> None:
    out[:] = data.view("<f2")


def _bfloat16(data: Array, out: Array) -> None:
    out[:] = from_bfloat16_bits(data.view("<u2").astype(np.uint16, copy=False))


def _q8_0(data: Array, out: Array) -> None:
    np.multiply(data[:, 2:].view(np.int8), _scale(data, 0), out=out)


def _q4_0(data: Array, out: Array) -> None:
    scale = _scale(data, 0)
    _nibbles(data[:, 2:18], out)
    out -= 8
    out *= scale


def _q4_1(data: Array, out: Array) -> None:
    _nibbles(data[:, 4:20], out)
    out *= _scale(data, 0)
    out += _scale(data, 2)


def _q4_k(data: Array, out: Array) -> None:
    """128 bytes hold 4 pairs of groups: a byte's low half belongs to the first group of its pair. Twelve bytes hold the
    eight scales and minima of 6 bits: see get_scale_min_k4 in ggml-quants.c."""
    packed = data[:, 4:16]
    low, middle, high = packed[:, 0:4], packed[:, 4:8], packed[:, 8:12]
    scales = np.concatenate([low & 63, (high & 15) | (low >> 6 << 4)], axis=1)
    minima = np.concatenate([middle & 63, (high >> 4) | (middle >> 6 << 4)], axis=1)
    groups = out.reshape(-1, 4, 2, 32)
    bytes_ = data[:, 16:].reshape(-1, 4, 32)
    groups[:, :, 0], groups[:, :, 1] = bytes_ & 15, bytes_ >> 4
    by_group = out.reshape(-1, 8, 32)
    by_group *= (_scale(data, 0) * scales)[:, :, None]
    by_group -= (_scale(data, 2) * minima)[:, :, None]


def _q6_k(data: Array, out: Array) -> None:
    """Two halves of 128 numbers. A half has 64 bytes with 4 low bits of two numbers each, and 32 bytes with 2 high bits
    of four numbers each."""
    low = data[:, :128].reshape(-1, 2, 2, 32)  # (n, half, which 32 bytes, 32)
    high = data[:, 128:192].reshape(-1, 2, 1, 32)
    quarters = out.reshape(-1, 2, 4, 32)
    for quarter in range(4):
        four = low[:, :, quarter % 2] >> (4 * (quarter // 2)) & 15
        two = high[:, :, 0] >> (2 * quarter) & 3
        quarters[:, :, quarter] = (four | two << 4).astype(np.int8) - 32
    scales = data[:, 192:208].view(np.int8) * _scale(data, 208)
    by_group = out.reshape(-1, 16, 16)
    by_group *= scales[:, :, None]


def _nibbles(packed: Array, out: Array) -> None:
    """16 bytes to 32 numbers from 0 to 15: first the low halves of all bytes, then the high halves."""
    eight = np.ascontiguousarray(packed).view(np.uint64)  # (n, 2): eight bytes are cut at a time
    halves = np.empty((len(packed), 2, 2), np.uint64)
    halves[:, 0], halves[:, 1] = eight & LOW_HALVES, eight >> np.uint64(4) & LOW_HALVES
    out[:] = halves.reshape(len(packed), 4).view(np.uint8)


def _scale(data: Array, at: int) -> Array:
    """The float16 at byte `at` of each block, (n, 1) float32."""
    return np.ascontiguousarray(data[:, at : at + 2]).view("<f2").astype(np.float32)


KINDS = {
    kind.number: kind
    for kind in (
        Kind("F32", 0, 1, 4, _float32),
        Kind("F16", 1, 1, 2, _float16),
        Kind("Q4_0", 2, 32, 18, _q4_0),
        Kind("Q4_1", 3, 32, 20, _q4_1),
        Kind("Q8_0", 8, 32, 34, _q8_0),
        Kind("Q4_K", 12, 256, 144, _q4_k),
        Kind("Q6_K", 14, 256, 210, _q6_k),
        Kind("BF16", 30, 1, 2, _bfloat16),
    )
}
OTHERS = {
    6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS",
    18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32",
    27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip

AT_ONCE = 1 << 16  # numbers; the parts of this size stay in the processor's cache


def dequantized(kind: Kind, data: Array, count: int, into: Array | None = None) -> Array:
    """`count` numbers of float32 from the bytes of a tensor (uint8). into: an array of them to write to, contiguous."""
    out = np.empty(count, np.float32) if into is None else into
    out = out.reshape(count // kind.block, kind.block)
    blocks = data.reshape(-1, kind.size)
    step = max(AT_ONCE // kind.block, 1)
    for start in range(0, len(out), step):
        kind.numbers(blocks[start : start + step], out[start : start + step])
    return out.reshape(-1)


def quantize_q8_0(x: Array) -> Array:
    """float32 to the bytes of Q8_0, which are minirl's own int8 blocks (kernels/int8.py). Raises ValueError for a
    number that is not finite, or blocks that do not fit."""
    if x.size % 32:
        raise ValueError(f"Q8_0: {x.size} numbers; expected a multiple of 32")
    return to_int8_blocks(x.reshape(-1)).view(np.uint8)
