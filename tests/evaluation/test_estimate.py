"""Estimates and their intervals."""

import math
from itertools import combinations, permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minirl.evaluation.estimate import Estimate, bootstrap, paired_bootstrap, pass_at_k, share, wilson
from minirl.generate.vote import majority


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

    @pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2), (0, 0), (1.5, 3), (math.nan, 3), (1, 2.5)])
    def test_nonsense(self, successes: float, n: int) -> None:
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

    @given(st.floats(-1e6, 1e6))
    def test_of_one_value_has_no_width(self, value: float) -> None:
        assert tuple(bootstrap([value])) == pytest.approx((value, value, value))

    @pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
    def test_what_is_not_finite_is_refused_by_its_place(self, wrong: float) -> None:
        values = [0.0, 1.0, wrong, 0.5]
        for estimate in (bootstrap, share, lambda x: paired_bootstrap(x, [0.0] * 4)):
            with pytest.raises(ValueError, match=f"value 2 is {wrong}; expected finite"):
                estimate(values)

    @pytest.mark.parametrize("values", [[[0.0, 1.0]], 0.5])
    def test_one_number_per_problem(self, values: object) -> None:
        for estimate in (bootstrap, share, lambda x: paired_bootstrap(x, x)):
            with pytest.raises(ValueError, match=r"shape .*; give one number per problem"):
                estimate(values)


class TestShare:
    def test_of_yes_and_no_is_wilsons(self) -> None:
        assert share([1, 0, 0, 1, 0]) == wilson(2, 5)
        assert share([0.0] * 30) == wilson(0, 30)

    def test_of_other_numbers_is_the_bootstraps(self) -> None:
        x = [0.5, 0.0, 1.0, 0.25] * 10
        assert share(x) == bootstrap(x)

    def test_nothing(self) -> None:
        with pytest.raises(ValueError, match="share: there are no values"):
            share([])

    @pytest.mark.parametrize("values", [[0.5, 1.5], [-0.1, 0.2]])
    def test_a_share_is_between_0_and_1(self, values: list[float]) -> None:
        with pytest.raises(ValueError, match="expected values in"):
            share(values)


class TestPairedBootstrap:
    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
    def test_the_other_way_round_is_the_same_with_signs_turned(self, pairs: list[tuple[int, int]]) -> None:
        a, b = ([pair[side] / 4 for pair in pairs] for side in (0, 1))
        one, other = paired_bootstrap(a, b), paired_bootstrap(b, a)
        assert one.difference.value == pytest.approx(np.mean(a) - np.mean(b))
        turned = (-other.difference.value, -other.difference.high, -other.difference.low)
        assert tuple(one.difference) == pytest.approx(turned, abs=1e-9)
        assert (one.ahead, one.wins) == (other.behind, other.losses)
        assert one.ahead + one.behind <= 1

    def test_sees_what_two_intervals_cannot(self) -> None:
        """200 problems, and the first solves all that the second does and ten more."""
        second = np.array([1.0] * 90 + [0.0] * 110)
        first = np.array([1.0] * 100 + [0.0] * 100)
        assert share(first).low < share(second).high
        compared = paired_bootstrap(first, second)
        assert compared.difference.low > 0 and compared.ahead > 0.999
        assert (compared.wins, compared.losses) == (10, 0)

    def test_covers_as_often_as_it_says(self) -> None:
        """True difference 0.1, results that go together: the interval holds it in about 95% of 150 experiments."""
        rng, inside = np.random.default_rng(0), 0
        for seed in range(150):
            first = rng.random(100) < 0.6
            second = first & (rng.random(100) < 5 / 6)
            _, low, high = paired_bootstrap(first, second, seed).difference
            inside += low <= 0.1 <= high
        assert inside / 150 > 0.88  # 4 standard errors below 95%

    def test_equal_results(self) -> None:
        compared = paired_bootstrap([1 / 3, 0, 1], [1 / 3, 0, 1])
        assert tuple(compared) == (Estimate(0, 0, 0), 0, 0, 0, 0)

    @pytest.mark.parametrize("sizes", [(3, 2), (0, 0)])
    def test_nonsense(self, sizes: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="bootstrap"):
            paired_bootstrap(*([0.0] * size for size in sizes))


class TestPassAtK:
    @given(st.integers(1, 8), st.data())
    def test_counts_the_draws_that_hold_a_right_one(self, n: int, data: st.DataObject) -> None:
        correct, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
        draws = list(combinations([True] * correct + [False] * (n - correct), k))
        assert pass_at_k(correct, n, k) == pytest.approx(sum(map(any, draws)) / len(draws))

    def test_nonsense(self) -> None:
        for correct, n, k in ((1, 4, 5), (1, 4, 0), (5, 4, 1), (-1, 4, 1), (0, 0, 1), (1, 4, 1.5), (math.nan, 4, 1)):
            with pytest.raises(ValueError, match="pass_at_k"):
                pass_at_k(correct, n, k)


class TestMajority:
    def test_most_frequent(self) -> None:
        assert majority(["11", "12", "12", None, None, None]) == 1

    def test_a_tie_goes_to_the_first_in_the_alphabet(self) -> None:
        assert majority(["7", "5", "5", "7"]) == 1
        assert majority(["5", "7", "7", "5"]) == 0

    def test_an_answer_between_two_others_joins_the_larger_side(self) -> None:
        """1 is near 0 and 2, which are not near each other."""
        near = lambda a, b: abs(a - b) < 2  # noqa: E731
        for order in permutations([0, 0, 1, 2, 2, 2]):
            assert order[majority(order, near)] == 2
        assert majority([1, 0], near) == 1 and majority([0, 1, 2], near) == 0

    def test_where_no_answer_is_clear_one_still_wins(self) -> None:
        """On a ring of five, each is the same as its neighbours, who differ."""
        ring = lambda a, b: (a - b) % 5 in (0, 1, 4)  # noqa: E731
        for order in permutations(range(5)):
            assert order[majority(order, ring)] == 0

    def test_what_is_not_the_same_as_itself_is_no_answer(self) -> None:
        assert majority([math.nan, math.nan, 1.0]) == 2
        assert majority([math.nan]) is None

    @given(st.lists(st.sampled_from("abc"), max_size=7), st.randoms())
    def test_the_order_does_not_matter(self, answers: list[str], random: Random) -> None:
        shuffled = random.sample(answers, len(answers))
        one, other = majority(answers), majority(shuffled)
        assert (one is None) == (other is None) == (not answers)
        if one is not None and other is not None:
            assert answers[one] == shuffled[other]
            assert answers.count(answers[one]) == max(map(answers.count, answers))

    def test_nobody_answers(self) -> None:
        assert majority([None, None]) is None


def test_printed_as_percentages() -> None:
    assert str(Estimate(0.812, 0.7755, 0.8439)) == "81.2 [77.5, 84.4]"
    assert Estimate(0.012, -0.034, 0.058).text(100, "+") == "+1.2 [-3.4, +5.8]"
    assert Estimate(-0.0001, -0.0, 0.0004).text(100, "+") == "0.0 [0.0, 0.0]"  # zero has no sign
