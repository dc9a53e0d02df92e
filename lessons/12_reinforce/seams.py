"""Where the functions of lesson 12 go into minirl: the advantages of an update, and the weights of its loss."""

import numpy as np

from minirl.functional import linear_cross_entropy
from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson
from minirl.model.transformer import IGNORE
from minirl.rl.loss import scaled_hidden

checks = find_lesson("12").module("checks")


def fit_advantage(leave_one_out, original):
    """minirl.rl.advantage.leave_one_out has the learner's signature."""
    return lambda rewards: leave_one_out(rewards)


def fit_weights(token_weights, original):
    """minirl.rl.loss.policy_loss without its options: minus the sum of weight times log pi."""

    def fitted(model, batch, N, config, reference=None):
        if config.clip or config.kl:
            return original(model, batch, N, config, reference)
        weights = token_weights(batch.advantages, batch.targets != IGNORE, N)
        h = scaled_hidden(model, batch, config.temperature)
        return linear_cross_entropy(h, model.output_weight, batch.targets, weights, IGNORE).loss, 0

    return fitted


def tokens(model, batch, *others):
    """How many tokens the loss of a batch is about."""
    return len(batch.ids)


SEAMS = [
    Seam(
        "rl.leave_one_out",
        places=[("minirl.rl.advantage:leave_one_out", fit_advantage)],
        oracle=checks.compared_with_others,
        bound=Bound(20, 1.0, reason="a mean over the samples"),
        meter="minirl.rl.advantage:advantages",
        unit="updates",
    ),
    Seam(
        "rl.token_weights",
        places=[("minirl.rl.loss:policy_loss", fit_weights)],
        oracle=lambda advantages, is_action, N: np.where(is_action, advantages / np.float32(N), 0).astype(np.float32),
        bound=Bound(4, reason="a division"),
        meter="minirl.rl.loss:policy_loss",
        unit="tokens",
        work=lambda advantages, is_action, N: len(advantages),
        metered=tokens,
    ),
]
