"""Exact bias and variance: the theorems about baselines hold to twelve digits, and sampling agrees."""

import functools
import itertools

import numpy as np
import pytest

from minirl.rl.advantage import KINDS, batch_mean, group_normalised, leave_one_out, plain
from minirl.rl.exact import Moments, OneEpisode, exact_moments, one_episode

V, HORIZON = 5, 3


def episodes():
    """Every sequence of actions that ends with 0 or has HORIZON actions."""
    ended = [a for n in range(1, HORIZON + 1) for a in itertools.product(range(V), repeat=n) if 0 not in a[:-1]]
    return [a for a in ended if a[-1] == 0 or len(a) == HORIZON]


@functools.cache
def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, gradients and rewards of all episodes of a table of logits, one row for each step."""
    logits = np.random.default_rng(0).normal(size=(HORIZON, V)) * 1.2
    pi = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    probabilities, gradients = [], []
    for actions in episodes():
        gradient = np.zeros_like(logits)
        for step, action in enumerate(actions):
            gradient[step] -= pi[step]
            gradient[step, action] += 1
        probabilities.append(np.prod([pi[step, action] for step, action in enumerate(actions)]))
        gradients.append(gradient.ravel())
    return np.array(probabilities), np.array(gradients), np.array([float(2 not in a) for a in episodes()])


def summary() -> OneEpisode:
    return one_episode(*world())


def moments(kind, n: int = 6) -> Moments:
    return exact_moments(kind, summary(), n)


def test_there_are_85_episodes_and_their_probabilities_add_up():
    assert len(episodes()) == 85
    assert world()[0].sum() == pytest.approx(1, abs=1e-12)


def test_the_gradient_is_the_slope_of_the_expected_reward():
    p, g, R = world()
    np.testing.assert_allclose(summary().gradient, (p * R) @ g, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("kind", [plain, leave_one_out])
def test_plain_and_leave_one_out_have_no_bias(kind, n):
    assert moments(kind, n).bias < 1e-12


@pytest.mark.parametrize("n", [2, 5])
def test_a_mean_that_contains_the_own_reward_shrinks_the_gradient_by_its_share_and_does_not_turn_it(n):
    found = moments(batch_mean, n)
    assert found.scale == pytest.approx(1 - 1 / n, rel=1e-12) and found.cosine == pytest.approx(1, abs=1e-12)


def test_group_normalisation_scales_the_gradient_of_a_single_prompt_and_does_not_turn_it():
    found = moments(group_normalised)
    assert found.scale > 1.2 and found.cosine == pytest.approx(1, abs=1e-12)


def test_a_baseline_lowers_the_noise():
    assert moments(leave_one_out).signal > 1.05 * moments(plain).signal


@pytest.mark.parametrize("name", KINDS)
def test_sampling_agrees(name):
    n, repeats = 4, 8_000
    p, g, R = world()
    chosen = np.random.default_rng(1).choice(len(p), size=(repeats, n), p=p / p.sum())

    A = np.concatenate([KINDS[name](rewards[None]) for rewards in R[chosen]])
    estimates = np.einsum("rn,rng->rg", A, g[chosen]) / n
    found = moments(KINDS[name], n)
    error = np.sqrt(estimates.var(axis=0) / repeats)
    assert np.abs((estimates.mean(axis=0) - found.mean) / np.maximum(error, 1e-12)).max() < 5
    assert estimates.var(axis=0).sum() == pytest.approx(found.variance, rel=0.08)


def test_the_variance_falls_with_the_number_of_episodes():
    assert moments(plain, 8).variance == pytest.approx(moments(plain, 1).variance / 8, rel=1e-9)


def test_what_does_not_fit_is_refused():
    p, g, R = world()
    with pytest.raises(ValueError, match="add up to"):
        one_episode(p / 2, g, R)
    with pytest.raises(ValueError, match=r"reward of 0.5"):
        one_episode(p, g, R / 2)
    with pytest.raises(ValueError, match="got shapes"):
        one_episode(p, g[:-1], R)
    with pytest.raises(ValueError, match="expected 1 to 16"):
        exact_moments(plain, summary(), 17)
    with pytest.raises(ValueError, match="advantages have shape"):
        exact_moments(lambda rewards: rewards[0], summary(), 3)
