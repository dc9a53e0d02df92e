"""Sampling in NumPy: what csrc/sampling.c must compute. Letters: N rows, V vocabulary."""

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.sampling.checks import check_sample, not_a_distribution

Array = np.ndarray


def sample(
    logits: Array, uniform: Array, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> tuple[Array, Array]:
    """Draw a token per row by inverting the distribution at a given uniform number.

    logits: (N, V). uniform: (N,) float64 in [0, 1). pi = softmax(logits / temperature) is cut to the top_k most likely
    tokens (0: all), renormalised, then cut to the smallest set of most likely tokens whose probability reaches top_p
    (Holtzman et al. 2020); of equally likely tokens the lower id is kept. The token drawn is the first, in order of
    id, at which the running sum of what is left exceeds uniform. temperature 0 takes the most likely token.
    Returns (ids (N,) int32, log_prob (N,)), the drawn token's log pi before the cuts (at temperature 0: log 1 = 0).
    Raises ValueError where a row holds NaN or +inf, or nothing but -inf.
    """
    check_sample(logits, uniform, temperature, top_k, top_p, real_dtype(logits))
    ids = np.zeros(len(logits), np.int32)
    log_prob = np.zeros(len(logits), logits.dtype)
    for row, (z, u) in enumerate(zip(logits.astype(np.float64), uniform, strict=True)):
        if not np.max(z, initial=-np.inf) > -np.inf or not np.max(z) < np.inf:
            raise not_a_distribution(row)
        if temperature == 0:
            ids[row] = np.argmax(z)
            continue
        pi = np.exp((z - z.max()) / temperature)
        total = pi.sum()
        order = np.argsort(-z, kind="stable")
        if top_k:
            order = order[:top_k]
        if top_p < 1:
            running = np.cumsum(pi[order])
            order = order[: 1 + np.searchsorted(running, top_p * running[-1])]
        kept = np.zeros_like(pi)
        kept[order] = pi[order]
        running = np.cumsum(kept)
        ids[row] = min(np.searchsorted(running, u * running[-1], side="right"), np.flatnonzero(kept)[-1])
        log_prob[row] = np.log(pi[ids[row]] / total)
    return ids, log_prob
