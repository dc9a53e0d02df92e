"""What the arguments of rotary position embedding must be."""

import numpy as np

from minirl.kernels.arguments import (
    FLOAT32,
    INT32,
    WRITE,
    check,
    check_apart,
    check_ids,
    check_tokens,
    real_dtype,
    same_elements,
)

Array = np.ndarray


def check_rope_tables(n_positions: int, head_size: int, base: float) -> None:
    """The sizes of the tables and the base of their frequencies."""
    if n_positions < 0:
        raise ValueError(f"rope_tables: n_positions {n_positions} is negative; expected 0 or more")
    if head_size < 0 or head_size % 2:
        raise ValueError(f"rope_tables: head_size {head_size} is odd; RoPE rotates pairs, so it must be even")
    if not base > 0:
        raise ValueError(f"rope_tables: base {base} is not positive; 10000 is usual")


def check_rope(
    x: Array, positions: Array, cosine: Array, sine: Array, out: Array | None, real: np.dtype = FLOAT32
) -> tuple[int, int]:
    """The steps from token to token in x and in the result. The tables may stay float32 where x is float64."""
    x_step = check_tokens("rope", "x", x, (-1, -1, -1, -1), "B T H D", real)
    B, T, H, D = x.shape
    if D % 2:
        raise ValueError(f"rope: x has head size {D}; RoPE rotates pairs, so it must be even")
    one_row = getattr(positions, "ndim", 0) == 1
    check("rope", "positions", positions, (T,) if one_row else (B, T), "T" if one_row else "B T", INT32)
    tables = real if real_dtype(cosine) == real else FLOAT32
    check("rope", "cosine", cosine, (-1, D // 2), "positions D/2", tables)
    check("rope", "sine", sine, cosine.shape, "positions D/2", tables)
    check_ids("rope", "positions", positions, len(cosine))
    if out is None:
        return x_step, H * D
    if out is x and x.flags.writeable:  # in place: all else is known of x
        check_apart("rope", "out", out, positions=positions, cosine=cosine, sine=sine)
        return x_step, x_step
    out_step = check_tokens("rope", "out", out, x.shape, "B T H D", real, WRITE)
    in_place = out is x or (out.shape == x.shape and same_elements(out, x))
    check_apart("rope", "out", out, x=None if in_place else x, positions=positions, cosine=cosine, sine=sine)
    return x_step, out_step
