"""Where the functions of lesson 9 go into minirl: from the cutting of texts to the step of AdamW.

Gradients go to the learner's functions as copies in float64, and come back rounded. So a right function is right here
in whatever way it is written: np.average, for one, gives float64 whatever it gets.
"""

import math

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson
from minirl.optim import grad_norm

checks = find_lesson("9").module("checks")


def fit_adamw(adamw, original):
    """kernels.adamw, which changes lists of arrays in place."""

    def fitted(p, g, m, v, *, step, lr, beta1, beta2, eps, weight_decay, grad_scale=1.0):
        for one, gradient, first, second in zip(p, g, m, v, strict=True):
            scaled = gradient * gradient.dtype.type(grad_scale)
            new = adamw(one.copy(), scaled, first, second, step, lr, beta1, beta2, eps, weight_decay)
            for array, value in zip((one, first, second), new, strict=True):
                array[...] = value

    return fitted


def fit_targets(inputs_and_targets, original):
    """minirl.data.batch.pack, which puts documents end to end."""

    def fitted(documents):
        batch = original(documents)
        cut = [inputs_and_targets(document.ids) for document in documents]
        if not cut:
            return batch
        ids, targets = (np.concatenate(arrays) for arrays in zip(*cut, strict=True))
        return batch._replace(ids=ids, targets=targets)

    return fitted


def fit_clip(clip, original):
    """Optimizer.step: the gradients are clipped before it, and not within it."""

    def fitted(optimizer, max_norm=None):
        norm = None if max_norm is None else grad_norm(optimizer.parameters)
        if norm is None or not math.isfinite(norm):
            return original(optimizer, max_norm)
        own = [p for p in optimizer.parameters if p.grad is not None]
        clipped = clip([p.grad.astype(np.float64) for p in own], max_norm)
        for p, gradient in zip(own, clipped, strict=True):
            p.grad = gradient.astype(p.grad.dtype)
        original(optimizer)
        return norm

    return fitted


def fit_combined(combined, original):
    """accumulate_gradients: each part is a batch of its own for the original, and the parts are put together here.

    Weights other than 0 and 1 are left to the original: then a token counts more or less than one.
    """

    def fitted(model, batch, micro_rows, micro_tokens=None):
        parts = [part for part in batch.split(micro_rows, micro_tokens) if part.weights.any()]
        parameters = list(model.parameters())
        before = [p.grad for p in parameters]
        if not parts or not np.isin(batch.weights, (0, 1)).all() or any(g is not None for g in before):
            return original(model, batch, micro_rows, micro_tokens)
        tokens = [int(part.weights.sum()) for part in parts]
        losses, gradients = [], []
        for part in parts:
            losses.append(original(model, part, micro_rows, micro_tokens))
            gradients.append([p.grad for p in parameters])
            for p in parameters:
                p.grad = None
        for p, means in zip(parameters, zip(*gradients, strict=True), strict=True):
            if all(mean is not None for mean in means):
                whole = combined([mean.astype(np.float64) for mean in means], tokens)
                p.grad = whole.astype(p.data.dtype)
        return float(np.average(losses, weights=tokens))

    return fitted


def fit_rate(learning_rate, original):
    """minirl.schedule.warmup_cosine."""
    return lambda step, *, peak, warmup, total, final=0.0: learning_rate(step, peak, warmup, total, final)


def update_bound(p, *rest):
    """float32 arithmetic in another order than the oracle's float64."""
    return Bound(60, 1 + float(np.abs(p).max(initial=0)), reason="a dozen operations in float32")


def clip_bound(gradients, max_norm):
    """A sum over all numbers goes into the factor."""
    return Bound(20 + sum(g.size for g in gradients), reason="a sum of squares over all numbers, and a root")


def mean_bound(gradients, tokens):
    """A token more or less in the order of a sum."""
    return Bound(20 + sum(tokens), max(float(np.abs(g).max()) for g in gradients), reason="a mean over the tokens")


SEAMS = [
    Seam(
        "data.inputs_and_targets",
        places=[("minirl.data.batch:pack", fit_targets)],
        oracle=checks.seen_and_said,
        meter="minirl.data.batch:pack",
        unit="texts",
        metered=len,
    ),
    Seam(
        "train.combined",
        places=[("minirl.train.stage:accumulate_gradients", fit_combined)],
        oracle=checks.weighted,
        bound=mean_bound,
        meter="minirl.train.stage:accumulate_gradients",
        unit="gradients",
        metered=lambda model, *rest: len(list(model.parameters())),
    ),
    Seam(
        "optim.clip",
        places=[("minirl.optim:Optimizer.step", fit_clip)],
        oracle=checks.shortened_at_once,
        bound=clip_bound,
        meter="minirl.optim:Optimizer.step",
        unit="steps",
    ),
    Seam(
        "optim.adamw",
        places=[("minirl.kernels:adamw", fit_adamw)],
        oracle=checks.at_once,
        bound=update_bound,
        meter="minirl.kernels:adamw",
        unit="parameter updates",
        work=lambda p, *rest: p.size,
        metered=lambda p, *rest: sum(one.size for one in p),
    ),
    Seam(
        "schedule.warmup_cosine",
        places=[("minirl.schedule:warmup_cosine", fit_rate)],
        oracle=checks.right_rate,
        bound=Bound(20, 1.0, reason="a cosine"),
        meter="minirl.schedule:warmup_cosine",
        unit="learning rates",
    ),
]
