"""Where a function of lesson 10 goes into minirl: it draws the next token of every row."""

import numpy as np

from minirl.generate.sampling import log_pi
from minirl.lessons import Seam
from minirl.lessons.lesson import find_lesson

checks = find_lesson("10").module("checks")


def fit_sample(sample, original):
    """minirl.generate.sampling.draw_at, apart from min-p, which the lesson does not have."""

    def fitted(temperature, z, uniform, rule):
        if rule.min_p:
            return original(temperature, z, uniform, rule)
        ids = np.array(sample(z.astype(np.float64), uniform, temperature, rule.top_k, rule.top_p), np.int32)
        return ids, log_pi(z, ids, np.full(len(ids), temperature or 1.0))

    return fitted


SEAMS = [
    Seam(
        "generate.sample",
        places=[("minirl.generate.sampling:draw_at", fit_sample)],
        oracle=checks.drawn,
        meter="minirl.generate.sampling:draw_at",
        unit="tokens",
        work=lambda logits, *others: len(logits),
        metered=lambda temperature, z, *others: len(z),
    ),
]
