"""Probabilities: softmax, entropy, and the loss of the whole training story."""

from typing import Any, NamedTuple

import numpy as np

from minirl import kernels
from minirl.autograd import Array, mode
from minirl.functional.arguments import token_ids
from minirl.functional.joining import where
from minirl.kernels.int8 import INT8
from minirl.kernels.precision import BFLOAT16
from minirl.tensor import Tensor
from minirl.tensor.tensor import floating, result, rows


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """e^x / sum e^x along an axis, by default the last: (..., V) -> (..., V)."""
    return floating(x).softmax(axis)


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """x - log sum e^x along an axis, by default the last: (..., V) -> (..., V)."""
    return floating(x).log_softmax(axis)


def log_prob(logits: Tensor, targets: Any) -> Tensor:
    """log pi(target) with pi = softmax(logits): (..., V) and (...) whole numbers -> (...)."""
    ids = _targets("log_prob", logits, targets, logits.shape[-1:])
    return _picked(log_softmax(logits), ids)


def entropy(logits: Tensor) -> Tensor:
    """-sum pi log pi with pi = softmax(logits), in nats: (..., V) -> (...)."""
    log_pi = log_softmax(logits)
    pi = log_pi.exp()
    return -(pi * where(pi > 0, log_pi, 0)).sum(axis=-1)  # p log p -> 0 as p -> 0


def cross_entropy(
    logits: Tensor, targets: Any, weights: Any = None, ignore_index: int = -100, label_smoothing: float = 0.0
) -> Tensor:
    """-sum_t w_t log pi(a_t | s_t) with pi = softmax(logits), for logits that exist: (..., V) and (...) -> ().

    targets, weights and ignore_index as in linear_cross_entropy, which spares the logits. With label_smoothing e
    the target is 1 - e on a_t and e / V on every token (Szegedy et al. 2016, section 7).
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing {label_smoothing} must lie in [0, 1]")
    ids = _targets("cross_entropy", logits, targets, logits.shape[-1:], ignore_index)
    kept = ids != ignore_index
    log_pi = log_softmax(logits)
    terms = _picked(log_pi, np.where(kept, ids, 0))
    if label_smoothing:
        terms = (1 - label_smoothing) * terms + label_smoothing * log_pi.mean(axis=-1)
    return -(where(kept, terms, 0) * _weights("cross_entropy", weights, kept, log_pi.dtype)).sum()


def _picked(log_pi: Tensor, ids: Array) -> Tensor:
    return log_pi.take_along_axis(ids[..., None]).reshape(ids.shape)


def _targets(op: str, x: Tensor, targets: Any, size: tuple[int, ...], ignore: int | None = None) -> Array:
    """targets as int32 ids, one for each row of x; size: the vocabulary's, as (V,)."""
    if x.ndim < 1 or x.shape[:-1] != np.shape(targets):
        raise ValueError(f"{op}: targets have shape {np.shape(targets)}; expected {x.shape[:-1]}")
    return token_ids(op, "targets", targets, size[0], ignore)


def _weights(op: str, weights: Any, kept: Array, dtype: np.dtype) -> Array:
    """The weight of each token; by default 1/N over the N tokens that are kept."""
    if weights is None:
        return (kept / max(int(kept.sum()), 1)).astype(dtype)
    if np.shape(weights) != kept.shape:
        raise ValueError(f"{op}: weights have shape {np.shape(weights)}; expected {kept.shape}, as targets")
    return np.ascontiguousarray(weights, dtype).reshape(kept.shape)


class CrossEntropy(NamedTuple):
    """The loss to differentiate and, outside the graph, two measures of each token."""

    loss: Tensor
    log_prob: Array
    entropy: Array


def linear_cross_entropy(
    h: Tensor, weight: Tensor, targets: Any, weights: Any = None, ignore_index: int = -100
) -> CrossEntropy:
    """-sum_t w_t log pi(a_t | s_t) with pi = softmax(h W^T): the loss of the whole training story.

    Pretraining is w = 1/N, supervised fine-tuning w = mask/N, REINFORCE w = advantage/N. h: (..., C). weight: (V, C).
    targets: (...) whole numbers. weights: (...), by default 1/N over the targets that are not ignore_index, a mean. The
    forward pass already makes the gradients, a chunk of tokens at a time, so the N x V logits never exist; backward
    only hands them on, multiplied by dy where the loss was scaled.
    """
    h = floating(h)
    ids = _targets("linear_cross_entropy", h, targets, weight.shape[:1], ignore_index)
    flat, shape = ids.reshape(-1), ids.shape
    w = _weights("linear_cross_entropy", weights, ids != ignore_index, h.dtype).reshape(-1)

    def kernel(gradient: bool) -> tuple[float, Array, Array, Array | None, Array | None]:
        return kernels.linear_cross_entropy(
            rows(h.data), weight.data, flat, w,
            ignore_index=ignore_index, gradient=gradient, weight_gradient=weight.requires_grad,
        )  # fmt: skip

    differentiable = weight.dtype not in (BFLOAT16, INT8)  # else backward raises, but the loss can be known
    wanted = mode.recording and (h.requires_grad or weight.requires_grad)
    loss, log_probs, entropies, *gradients = kernel(wanted and differentiable)
    made = [gradients] if differentiable else []

    def backward(dy: Array) -> None:
        factor = float(kernels.fetch(dy))
        dh, dweight = made.pop() if made else kernel(True)[3:]  # given away once; made anew for a retained graph
        for x, dx in ((h, dh), (weight, dweight)):
            if x.requires_grad and dx is not None:
                if factor != 1:
                    kernels.scale(dx, factor)
                x.add_gradient(kernels.reshape(dx, x.shape), fresh=True)

    value = result(np.asarray(loss, h.dtype), (h, weight), backward)
    return CrossEntropy(value, log_probs.reshape(shape), entropies.reshape(shape))


def linear_log_prob(h: Tensor, weight: Tensor, targets: Any, ignore_index: int = -100) -> tuple[Tensor, Array]:
    """log pi(a_t | s_t) of each token, with a gradient, and the entropy of pi(. | s_t), without; shapes as above.

    The gradient of sum_t g_t log pi(a_t | s_t) is that of linear_cross_entropy with weights -g, so backward calls it.
    """
    h = floating(h)
    ids = _targets("linear_log_prob", h, targets, weight.shape[:1], ignore_index)
    flat, shape = ids.reshape(-1), ids.shape
    log_probs, entropies = kernels.linear_log_prob(rows(h.data), weight.data, flat, ignore_index=ignore_index)

    def backward(dy: Array) -> None:
        minus = kernels.negative(kernels.reshape(dy, flat.shape))
        gradients = kernels.linear_cross_entropy(
            rows(h.data), weight.data, flat, minus, ignore_index=ignore_index, weight_gradient=weight.requires_grad
        )[3:]
        for x, dx in zip((h, weight), gradients, strict=True):
            if x.requires_grad and dx is not None:
                x.add_gradient(kernels.reshape(dx, x.shape), fresh=True)

    return result(log_probs.reshape(shape), (h, weight), backward), entropies.reshape(shape)
