"""The loss over a large vocabulary, a chunk of tokens at a time."""

from collections.abc import Callable

import numpy as np

Array = np.ndarray

# Logits of one chunk: large enough that reading the V x C weights again for each chunk is lost in the arithmetic
# (256 tokens do 128 operations per byte of weights), small enough to be worth calling memory "linear".
CHUNK_FLOATS = 1 << 24
CHUNK_TOKENS = (256, 4096)


def linear_cross_entropy(
    matmul: Callable[..., Array],
    cross_entropy: Callable[..., tuple[Array, Array]],
    h: Array,
    weight: Array,
    targets: Array,
    weights: Array | None,
    *,
    ignore_index: int,
    gradient: bool,
    weight_gradient: bool = True,
) -> tuple[float, Array, Array, Array | None, Array | None]:
    """linear_cross_entropy (see reference.py) made of a backend's matmul and cross_entropy; arguments are checked.

    Memory: one (chunk, V) array beside the results, however many tokens there are. All chunks have the same size, but
    for the last.
    """
    N, V = len(h), len(weight)
    kept = np.flatnonzero(targets != ignore_index)
    if len(kept) < N:  # prompts and padding: no logits are made where no target counts
        loss, log_prob, entropy, dh, dweight = linear_cross_entropy(
            matmul,
            cross_entropy,
            h[kept],
            weight,
            targets[kept],
            None if weights is None else weights[kept],
            ignore_index=ignore_index,
            gradient=gradient,
            weight_gradient=weight_gradient,
        )
        dh = None if dh is None else _spread(dh, kept, N)
        return loss, _spread(log_prob, kept, N), _spread(entropy, kept, N), dh, dweight
    largest = min(max(CHUNK_FLOATS // max(V, 1), CHUNK_TOKENS[0]), CHUNK_TOKENS[1])
    chunk = -(-N // max(-(-N // largest), 1))
    log_prob, entropy = np.zeros(N, h.dtype), np.zeros(N, h.dtype)
    dh = np.empty_like(h) if gradient else None
    dweight = None  # the first chunk makes it, the others add to it
    if gradient and weight_gradient:
        dweight = np.empty_like(weight) if N else np.zeros_like(weight)
    buffer = np.empty((chunk, V), h.dtype)
    for start in range(0, N, max(chunk, 1)):
        part = slice(start, min(start + chunk, N))
        logits = matmul(h[part], weight, transpose_b=True, out=buffer[: part.stop - part.start])
        log_prob[part], entropy[part] = cross_entropy(
            logits,
            targets[part],
            None if weights is None else weights[part],
            ignore_index=ignore_index,
            gradient=gradient,
        )
        if dh is not None:  # the logits now hold their own gradient
            matmul(logits, weight, out=dh[part])
            if dweight is not None:
                matmul(logits, h[part], transpose_a=True, out=dweight, accumulate=start > 0)
    products = log_prob if weights is None else weights * log_prob
    return -float(products.sum(dtype=np.float64)), log_prob, entropy, dh, dweight


def _spread(x: Array, rows: Array, count: int) -> Array:
    """x as rows number `rows` of an array of `count` rows, zeros elsewhere."""
    y = np.zeros((count, *x.shape[1:]), x.dtype)
    y[rows] = x
    return y
