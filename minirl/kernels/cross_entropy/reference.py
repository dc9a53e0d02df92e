"""The loss in NumPy: what csrc/cross_entropy.c must compute. Letters: N tokens, C d_model, V vocabulary."""

import numpy as np

from minirl.kernels.arguments import real_dtype
from minirl.kernels.cross_entropy import chunked
from minirl.kernels.cross_entropy.checks import check_cross_entropy, check_linear_cross_entropy
from minirl.kernels.matmul.reference import matmul
from minirl.kernels.softmax.reference import log_softmax

Array = np.ndarray


def cross_entropy(
    logits: Array, targets: Array, weights: Array | None = None, *, ignore_index: int = -100, gradient: bool = False
) -> tuple[Array, Array]:
    """Each row's log pi(target) and entropy, where pi = softmax(logits). Returns (log_prob, entropy), (N,) each.

    logits: (N, V). targets: (N,) int32. weights: (N,), 1 if None. With gradient, the logits are overwritten by
    d(-sum_t w_t log pi(target_t)) / dlogits = w (pi - onehot(target)); they may not overlap targets or weights then. A
    row whose target is ignore_index gives 0 everywhere, its gradient too. Raises IndexError for a target outside the
    vocabulary.
    """
    check_cross_entropy(logits, targets, weights, ignore_index, gradient, real_dtype(logits))
    kept = targets != ignore_index
    rows, column = np.arange(len(targets))[kept], targets[kept]
    log_pi = log_softmax(logits)
    pi = np.exp(log_pi)
    log_prob = np.zeros(len(targets), logits.dtype)
    log_prob[rows] = log_pi[rows, column]
    # p log p -> 0 as p -> 0: a token with logit -inf adds nothing
    entropy = np.where(kept, -np.where(pi == 0, 0, pi * np.where(pi == 0, 0, log_pi)).sum(axis=-1), 0)
    if gradient:
        pi[rows, column] -= 1
        w = kept if weights is None else np.where(kept, weights, 0)
        logits[...] = np.where(kept[:, None], pi * w[:, None], 0)
    return log_prob, entropy.astype(logits.dtype, copy=False)


def linear_cross_entropy(
    h: Array,
    weight: Array,
    targets: Array,
    weights: Array | None = None,
    *,
    ignore_index: int = -100,
    gradient: bool = True,
    weight_gradient: bool = True,
) -> tuple[float, Array, Array, Array | None, Array | None]:
    """The loss of the whole training story, -sum_t w_t log pi(a_t | s_t) with pi = softmax(h weight^T).

    Pretraining is w = 1/N, supervised fine-tuning w = mask/N, REINFORCE w = advantage/N. h: (N, C), the last hidden
    states. weight: (V, C), the output embedding. targets: (N,) int32, the tokens a_t. weights: (N,), 1 if None.
    Returns (loss, log_prob (N,), entropy (N,), dh (N, C), dweight (V, C)). The gradients are made in the same pass, a
    chunk of tokens at a time, so that the N x V logits never exist (see chunked.py). With gradient=False they are None;
    with weight_gradient=False dweight alone is, which saves a third of the products where the weight does not learn.

    weight may be held in bfloat16, as matmul's b; TypeError where a gradient is asked for then. Raises IndexError for a
    target outside the vocabulary.
    """
    check_linear_cross_entropy(
        "linear_cross_entropy", h, weight, targets, weights, ignore_index, gradient, real_dtype(h)
    )
    return chunked.linear_cross_entropy(
        matmul, cross_entropy, h, weight, targets, weights,
        ignore_index=ignore_index, gradient=gradient, weight_gradient=weight_gradient,
    )  # fmt: skip


def linear_log_prob(h: Array, weight: Array, targets: Array, *, ignore_index: int = -100) -> tuple[Array, Array]:
    """log pi(a_t | s_t) and the entropy of pi(. | s_t) for each token; shapes as in linear_cross_entropy."""
    check_linear_cross_entropy("linear_log_prob", h, weight, targets, None, ignore_index, False, real_dtype(h))
    return chunked.linear_cross_entropy(
        matmul, cross_entropy, h, weight, targets, None, ignore_index=ignore_index, gradient=False
    )[1:3]
