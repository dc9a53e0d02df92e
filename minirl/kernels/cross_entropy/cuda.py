"""The loss on a GPU: csrc/cuda/cross_entropy.cu, and between the products of matmul.cu for linear_cross_entropy."""

import numpy as np

from minirl.kernels.cross_entropy.checks import check_cross_entropy, check_linear_cross_entropy
from minirl.kernels.device import DeviceArray, device, empty, launch, layout, written
from minirl.kernels.matmul.cuda import matmul

Array = np.ndarray | DeviceArray
THREADS = 256  # as in cross_entropy.cu
CHUNK_FLOATS, CHUNK_TOKENS = 1 << 26, (256, 16384)  # logits of one chunk, and its tokens: as in chunked.py, for a GPU


def cross_entropy(
    logits: Array, targets: Array, weights: Array | None = None, *, ignore_index: int = -100, gradient: bool = False
) -> tuple[DeviceArray, DeviceArray]:
    if gradient:
        logits = written("cross_entropy", "logits", logits)
    N, _ = check_cross_entropy(layout(logits), layout(targets), layout(weights), ignore_index, gradient)
    log_prob, entropy = empty(N), empty(N)
    _launch(device(logits), device(targets), _given(weights), ignore_index, gradient, log_prob, entropy)
    return log_prob, entropy


def linear_cross_entropy(
    h: Array,
    weight: Array,
    targets: Array,
    weights: Array | None = None,
    *,
    ignore_index: int = -100,
    gradient: bool = True,
    weight_gradient: bool = True,
) -> tuple[float, DeviceArray, DeviceArray, DeviceArray | None, DeviceArray | None]:
    log_prob, entropy, dh, dweight = _linear(
        "linear_cross_entropy", h, weight, targets, weights, ignore_index, gradient, weight_gradient
    )
    loss = empty(1, np.float64)
    launch("cross_entropy", "weighted_loss", 1, THREADS, log_prob.size, log_prob, _given(weights), loss)
    return float(loss.numpy()[0]), log_prob, entropy, dh, dweight


def linear_log_prob(
    h: Array, weight: Array, targets: Array, *, ignore_index: int = -100
) -> tuple[DeviceArray, DeviceArray]:
    return _linear("linear_log_prob", h, weight, targets, None, ignore_index, False, False)[:2]


def _linear(
    op: str, h: Array, weight: Array, targets: Array, weights: Array | None, ignore_index: int, gradient: bool,
    weight_gradient: bool,
) -> tuple[DeviceArray, DeviceArray, DeviceArray | None, DeviceArray | None]:  # fmt: skip
    """(log_prob, entropy, dh, dweight), a chunk of tokens at a time, so that all logits never exist."""
    check_linear_cross_entropy(op, layout(h), layout(weight), layout(targets), layout(weights), ignore_index, gradient)
    h, weight, targets, weights = device(h), device(weight), device(targets), _given(weights)
    (N, C), V = h.shape, len(weight)
    log_prob, entropy = empty(N), empty(N)
    dh = empty((N, C)) if gradient else None
    dweight = empty((V, C)) if gradient and weight_gradient else None
    if dweight is not None and N == 0:
        dweight = device(np.zeros((V, C), np.float32))
    chunk = max(min(max(CHUNK_FLOATS // max(V, 1), CHUNK_TOKENS[0]), CHUNK_TOKENS[1], N), 1)
    logits = empty((chunk, V))
    for start in range(0, N, chunk):
        part = slice(start, min(start + chunk, N))
        here = logits[: part.stop - part.start]
        matmul(h[part], weight, transpose_b=True, out=here)
        w = None if weights is None else weights[part]
        _launch(here, targets[part], w, ignore_index, gradient, log_prob[part], entropy[part])
        if dh is not None:  # the logits now hold their own gradient
            matmul(here, weight, out=dh[part])
            if dweight is not None:
                matmul(here, h[part], transpose_a=True, out=dweight, accumulate=start > 0)
    return log_prob, entropy, dh, dweight


def _launch(
    logits: DeviceArray, targets: DeviceArray, weights: DeviceArray | None, ignore_index: int, gradient: bool,
    log_prob: DeviceArray, entropy: DeviceArray,
) -> None:  # fmt: skip
    N, V = logits.shape
    arguments = V, logits, targets, weights, ignore_index, gradient, log_prob, entropy
    launch("cross_entropy", "cross_entropy", N, THREADS, *arguments)


def _given(x: Array | None) -> DeviceArray | None:
    return None if x is None else device(x)
