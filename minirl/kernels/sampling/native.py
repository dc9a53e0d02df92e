"""Sampling in C: csrc/sampling.c."""

import numpy as np

from minirl.kernels.runtime import check_allocated, ffi, floats, ints, lib
from minirl.kernels.sampling.checks import check_sample, not_a_distribution

Array = np.ndarray


def sample(
    logits: Array, uniform: Array, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> tuple[Array, Array]:
    N, V = check_sample(logits, uniform, temperature, top_k, top_p)
    ids, log_prob = np.empty(N, np.int32), np.empty(N, np.float32)
    status = lib.kernel_sample(
        N, V, floats(logits), temperature, top_k, top_p,
        ffi.from_buffer("double[]", uniform), ints(ids), floats(log_prob),
    )  # fmt: skip
    if status > 0:
        raise not_a_distribution(status - 1)
    check_allocated(status, "sample")
    return ids, log_prob
