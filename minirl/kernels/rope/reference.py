"""Rotary position embedding in NumPy: what csrc/rope.c must compute. Letters: B batch, T time, H heads, D head size."""

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.rope.checks import check_rope, check_rope_tables

Array = np.ndarray


def rope_tables(n_positions: int, head_size: int, base: float = 10000.0) -> tuple[Array, Array]:
    """cos and sin of p base^(-2i / D) for each position p and pair i: (n_positions, D/2) each (Su et al. 2021)."""
    check_rope_tables(n_positions, head_size, base)
    frequencies = base ** (-np.arange(0, head_size, 2) / head_size)
    angles = np.arange(n_positions)[:, None] * frequencies
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rope(
    x: Array, positions: Array, cosine: Array, sine: Array, *, inverse: bool = False, out: Array | None = None
) -> Array:
    """Rotary position embedding: pair (x_i, x_{i + D/2}) turns by its token's angle.

    x: (B, T, H, D), also a slice of a projection. positions: (B, T) or (T,) int32, rows of the tables. cosine, sine:
    (positions, D/2), from rope_tables. inverse turns back, which is also the gradient.

    out: the array to write to. It may be x itself, which is then turned in place; it may not overlap x otherwise, nor
    the positions or the tables. Raises IndexError for a position that the tables do not have.
    """
    check_rope(x, positions, cosine, sine, out, real_dtype(x))
    half = x.shape[-1] // 2
    c, s = (table[positions][..., None, :].astype(x.dtype, copy=False) for table in (cosine, sine))
    first, second = x[..., :half], x[..., half:]
    s = -s if inverse else s
    y = np.concatenate([first * c - second * s, second * c + first * s], axis=-1)
    if out is None:
        return y
    out[...] = y
    return out
