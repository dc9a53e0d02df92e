"""Where the functions of lesson 15 go into minirl: PPO's weights, advantages and values, the measured KL, and what a
reward model learns from.

All of them get copies in float64, and what they return is rounded to the format that minirl computes in.
"""

from dataclasses import replace

import numpy as np

from minirl.lessons import Seam
from minirl.lessons.compare import Bound
from minirl.lessons.lesson import find_lesson
from minirl.rl.bradley_terry import CENTRING
from minirl.rl.loss import ratio_of
from minirl.tensor.tensor import result

checks = find_lesson("15").module("checks")


def fit_kl(kl_estimate, original):
    """minirl.rl.measures.k3 is one of the three."""
    return lambda log_q: kl_estimate(log_q, "k3")


def fit_weights(clipped_weights, original):
    """minirl.rl.loss.token_weights: clipping by the learner, then the KL term and the mask of actions by minirl."""

    def fitted(advantage, log_prob, batch, config, reference):
        if not config.clip:
            return original(advantage, log_prob, batch, config, reference)
        ratio = ratio_of(log_prob - batch.log_probs).astype(np.float64)
        weights = clipped_weights(ratio, advantage.astype(np.float64), config.clip).astype(np.float32)
        clipped = int(((weights == 0) & (advantage != 0)).sum())
        rest = replace(config, clip=0.0, updates=1)
        return original(weights, log_prob, batch, rest, reference)[0], clipped

    return fitted


def fit_gae(gae, original):
    """minirl.rl.gae.episode_gae, which gives a forced token the advantage of the action before it. Nobody reads it."""

    def fitted(rewards, values, decisions, gamma=1.0, lam=1.0):
        chosen = np.zeros(len(rewards), bool)
        chosen[decisions] = True
        A = gae(np.array(rewards, np.float64), np.array(values, np.float64), chosen, gamma, lam)
        return A[decisions][np.cumsum(chosen) - 1]

    return fitted


def fit_value_loss(value_loss, original):
    """minirl.rl.value.value_loss without its clipping, forward and backward."""

    def fitted(V, target, old, clip):
        if clip:
            return original(V, target, old, clip)
        loss, gradient = value_loss(V.data.astype(np.float64), target.astype(np.float64))
        back = gradient.astype(V.dtype)
        return result(np.asarray(loss, V.dtype), (V,), lambda dy: V.add_gradient(back * dy))

    return fitted


def fit_pairs(bradley_terry, original):
    """minirl.rl.bradley_terry.pair_loss of pairs with a winner; minirl adds the pull of the rewards to 0."""

    def fitted(chosen, rejected, ties, weights, centring=CENTRING):
        if ties.any():
            return original(chosen, rejected, ties, weights, centring)
        given = [x.astype(np.float64) for x in (chosen.data, rejected.data, weights)]
        loss, gradient = bradley_terry(*given)
        back = gradient.astype(chosen.dtype)

        def backward(dy):
            chosen.add_gradient(back * dy)
            rejected.add_gradient(-back * dy)

        own = result(np.asarray(loss, chosen.dtype), (chosen, rejected), backward)
        together = chosen + rejected
        return own + (together * together * (centring * weights).astype(np.float32)).sum()

    return fitted


SEAMS = [
    Seam(
        "rl.kl_estimate",
        places=[("minirl.rl.measures:k3", fit_kl)],
        oracle=checks.one_by_one,
        bound=checks.CHECKS["kl_estimate"].bound,
        meter="minirl.rl.measures:k3",
        unit="actions",
        work=lambda log_q, kind: len(log_q),
        metered=len,
    ),
    Seam(
        "rl.clipped_weights",
        places=[("minirl.rl.loss:token_weights", fit_weights)],
        oracle=checks.smaller_product,
        bound=Bound(4),
        meter="minirl.rl.loss:token_weights",
        unit="tokens",
        work=lambda ratio, A, eps: len(ratio),
        metered=lambda advantage, *others: len(advantage),
    ),
    Seam(
        "rl.gae",
        places=[("minirl.rl.gae:episode_gae", fit_gae)],
        oracle=checks.sum_of_deltas,
        bound=Bound(400, 4.0, reason="a sum over all later steps"),
        meter="minirl.rl.gae:episode_gae",
        unit="episodes",
    ),
    Seam(
        "rl.value_loss",
        places=[("minirl.rl.value:value_loss", fit_value_loss)],
        oracle=checks.squares,
        bound=Bound(4000, 1.0, reason="a sum over all tokens"),
        meter="minirl.rl.value:value_loss",
        unit="values",
        work=lambda values, returns: len(values),
        metered=lambda V, *others: len(V.data),
    ),
    Seam(
        "rl.bradley_terry",
        places=[("minirl.rl.bradley_terry:pair_loss", fit_pairs)],
        oracle=checks.by_cases,
        bound=checks.of_pairs,
        meter="minirl.rl.bradley_terry:pair_loss",
        unit="pairs",
        work=lambda chosen, rejected, weights: len(chosen),
        metered=lambda chosen, *others: len(chosen.data),
    ),
]
