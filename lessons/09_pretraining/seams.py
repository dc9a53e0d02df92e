"""Where the functions of lesson 9 go into minirl: the step of AdamW, and the learning rate of a stage."""

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson

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


def fit_rate(learning_rate, original):
    """minirl.schedule.warmup_cosine."""
    return lambda step, *, peak, warmup, total, final=0.0: learning_rate(step, peak, warmup, total, final)


def update_bound(p, *rest):
    """float32 arithmetic in another order than the oracle's float64."""
    return Bound(60, 1 + float(np.abs(p).max(initial=0)), reason="a dozen operations in float32")


SEAMS = [
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
