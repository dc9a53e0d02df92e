"""Advantages: their values, and what each kind promises."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minirl.rl.advantage import KINDS, advantages, informative

REWARDS = np.array([[1.0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]])
zeros_and_ones = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(2, 6)), elements=st.sampled_from([0.0, 1.0])
)


def test_plain_is_the_reward():
    np.testing.assert_array_equal(advantages(REWARDS, "plain"), REWARDS)


def test_batch_mean_looks_at_all_problems_at_once():
    np.testing.assert_allclose(advantages(REWARDS, "batch_mean"), REWARDS - 7 / 16)


def test_leave_one_out_compares_with_the_other_samples_of_the_problem():
    expected = [[1, -1 / 3, -1 / 3, -1 / 3], [0, 0, 0, 0], [0, 0, 0, 0], [2 / 3, 2 / 3, -2 / 3, -2 / 3]]
    np.testing.assert_allclose(advantages(REWARDS, "leave_one_out"), expected, atol=1e-12)


@given(zeros_and_ones)
def test_leave_one_out_says_what_its_name_says(rewards):
    made = advantages(rewards, "leave_one_out")
    for (p, s), value in np.ndenumerate(made):
        assert value == pytest.approx(rewards[p, s] - np.delete(rewards[p], s).mean(), abs=1e-12)


def test_group_normalised_has_mean_0_and_deviation_1_in_each_informative_group():
    made = advantages(REWARDS, "group_normalised")
    np.testing.assert_allclose(made.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(made.std(axis=1), [1, 0, 0, 1])


@given(zeros_and_ones)
def test_a_group_that_is_not_informative_has_no_advantage(rewards):
    for kind in ("leave_one_out", "group_normalised"):
        made = advantages(rewards, kind)
        np.testing.assert_array_equal((made != 0).any(axis=1), informative(rewards))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"plain"}))
@pytest.mark.parametrize(
    "rewards",
    [
        [0.1, 0.1, 0.1],
        [1 / 3] * 7,
        [-0.7] * 5,
        [1e8 + 0.1, 1e8 + 0.1, 1e8 + 0.3 - 0.2],  # the last differs in the last place
        [0.3, 0.1 + 0.2, 0.3],
        [1e150, 1e150, 1e150],
        [5e-324, 5e-324],
    ],
)
def test_equal_rewards_give_exactly_0(rewards, kind):
    for groups in ([rewards], [rewards, rewards]):
        np.testing.assert_array_equal(advantages(groups, kind), np.zeros(np.shape(groups)))
    assert not informative(np.array([rewards])).any()


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6), st.sampled_from([1e-160, 1e-3, 1.0, 1e140]))
def test_rewards_of_any_size_are_normalised(rewards, unit):
    scaled = np.array([rewards]) * unit
    made = advantages(scaled, "group_normalised")
    assert made.std() == pytest.approx(1 if informative(scaled) else 0, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
def test_a_reward_that_is_not_finite_is_refused(kind, bad):
    with pytest.raises(
        ValueError, match=f"the reward of problem 1, sample 2, is {re.escape(str(bad))}; expected a finite number"
    ):
        advantages([[0, 1, 0], [1, 0, bad]], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_the_rewards_given_are_not_changed(kind):
    before = REWARDS.copy()
    advantages(REWARDS, kind)[...] = 9
    np.testing.assert_array_equal(REWARDS, before)


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="no kind 'rloo'; use one of 'plain', 'batch_mean', 'leave_one_out'"):
        advantages(REWARDS, "rloo")
    with pytest.raises(ValueError, match="there is 1; take 2 or more"):
        advantages(REWARDS[:, :1], "leave_one_out")
    with pytest.raises(ValueError, match="expected \\(P problems, S samples\\)"):
        advantages(REWARDS[0], "plain")
