"""Estimates and their intervals."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.estimate import Estimate, bootstrap, majority, pass_at_k, wilson


class TestWilson:
    def test_published_value(self) -> None:
        """Newcombe (1998), table I, method 3: 81 of 263."""
        value, low, high = wilson(81, 263)
        assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
        assert value == pytest.approx(81 / 263)

    def test_ends(self) -> None:
        assert wilson(0, 50).low == 0 and 0 < wilson(0, 50).high < 0.1
        assert wilson(50, 50).high == 1 and 0.9 < wilson(50, 50).low < 1

    def test_covers_as_often_as_it_says(self) -> None:
        rng = np.random.default_rng(0)
        inside = 0
        for successes in rng.binomial(500, 0.85, 2000):
            _, low, high = wilson(int(successes), 500)
            inside += low <= 0.85 <= high
        assert 0.93 < inside / 2000 < 0.97  # 4 standard errors of 2000 draws around 95%

    @pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2), (0, 0)])
    def test_nonsense(self, successes: int, n: int) -> None:
        with pytest.raises(ValueError, match="wilson"):
            wilson(successes, n)


class TestBootstrap:
    def test_agrees_with_the_normal_interval_where_that_holds(self) -> None:
        x = np.random.default_rng(0).random(400)
        value, low, high = bootstrap(x)
        half = 1.96 * x.std() / math.sqrt(400)
        assert value == pytest.approx(x.mean())
        assert low == pytest.approx(value - half, abs=0.2 * half)
        assert high == pytest.approx(value + half, abs=0.2 * half)

    def test_nothing(self) -> None:
        with pytest.raises(ValueError, match="no values"):
            bootstrap([])


class TestPassAtK:
    @given(st.integers(1, 8), st.data())
    def test_counts_the_draws_that_hold_a_right_one(self, n: int, data: st.DataObject) -> None:
        correct, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
        draws = list(combinations([True] * correct + [False] * (n - correct), k))
        assert pass_at_k(correct, n, k) == pytest.approx(sum(map(any, draws)) / len(draws))

    def test_nonsense(self) -> None:
        with pytest.raises(ValueError, match="pass_at_k"):
            pass_at_k(1, 4, 5)


class TestMajority:
    def test_most_frequent(self) -> None:
        assert majority(["11", "12", "12", None, None, None]) == 1

    def test_a_tie_goes_to_the_first(self) -> None:
        assert majority(["7", "5", "5", "7"]) == 0

    def test_nobody_answers(self) -> None:
        assert majority([None, None]) is None


def test_printed_as_percentages() -> None:
    assert str(Estimate(0.812, 0.7755, 0.8439)) == "81.2 [77.5, 84.4]"
