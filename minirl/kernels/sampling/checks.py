"""What the arguments of sampling must be."""

import math

import numpy as np

from minirl.kernels.arguments import FLOAT32, FLOAT64, check

Array = np.ndarray


def check_sample(
    logits: Array, uniform: Array, temperature: float, top_k: int, top_p: float, real: np.dtype = FLOAT32
) -> tuple[int, int]:
    """(N, V), the shape of the logits."""
    check("sample", "logits", logits, (-1, -1), "N V", real)
    N, V = logits.shape
    check("sample", "uniform", uniform, (N,), "N", FLOAT64)
    check_sampling(temperature, top_k, top_p)
    if N and V == 0:
        raise not_a_distribution(0)
    if N and not (uniform.min() >= 0 and uniform.max() < 1):
        raise ValueError(f"sample: uniform reaches from {uniform.min()} to {uniform.max()}; expected [0, 1)")
    return N, V


def check_sampling(temperature: float, top_k: int, top_p: float) -> None:
    """Raise ValueError for a setting that makes no distribution."""
    if not 0 <= temperature < math.inf:
        raise ValueError(f"sample: temperature {temperature} must be 0 (take the most likely) or a positive number")
    if top_k < 0:
        raise ValueError(f"sample: top_k {top_k} must be 0 (all tokens) or positive")
    if not 0 < top_p <= 1:
        raise ValueError(f"sample: top_p {top_p} must lie in (0, 1]; 1 keeps every token")


def not_a_distribution(row: int) -> ValueError:
    """The error for a row of logits that both backends find only while they compute."""
    return ValueError(
        f"sample: row {row} of logits holds NaN or +inf, or nothing but -inf; it gives no distribution to draw from"
    )
