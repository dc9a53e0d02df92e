"""What the zoo measures: whole samples, all tokens, and an honest yardstick."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from minirl.evaluation.answers import Answer, Attempt
from minirl.evaluation.score import Outcome, judge
from minirl.tasks import Problem
from minirl.tasks.checker import NumberChecker
from minirl.zoo.measure import Yardstick, adaptive, chosen, first, passed, verified
from minirl.zoo.methods import DRAWS, PLAIN, SEARCHES, contests, methods, sizes

TASK: Any = SimpleNamespace(checker=NumberChecker())
RIGHT, WRONG = "7", "8"


def said(answer: str, tokens: int = 10, log_prob: float = -1.0, reasoning: str = "So it is.") -> Answer:
    return Answer(f" {reasoning}\nAnswer: {answer}", tokens, True, log_prob)


def outcome(answers: list[Answer], greedy: Answer | None = None) -> Outcome:
    return judge(TASK, Problem("What?", "That.", RIGHT, "k"), Attempt(greedy or said(RIGHT), answers, True))


def outcomes(*texts: str) -> list[Outcome]:
    """A problem for each text, whose letters are its samples: r for right, w for wrong, in samples of 10 tokens."""
    return [outcome([said({"r": RIGHT, "w": WRONG}[letter]) for letter in text]) for text in texts]


def test_every_group_of_k_samples_counts() -> None:
    found = outcomes("rrrwww", "wrrrrw")
    np.testing.assert_allclose(chosen(found, 1, "majority").right, [1 / 2, 4 / 6])
    np.testing.assert_allclose(chosen(found, 3, "majority").right, [1 / 2, 1])
    np.testing.assert_allclose(chosen(found, 4, "majority").right, [1, 1])  # the last two are too few for a group
    for k in (1, 3, 6):
        np.testing.assert_allclose(chosen(found, k, "majority").tokens, 10 * k)
    for k in (0, 7):
        with pytest.raises(ValueError, match=f"k is {k}, and there are 6 samples"):
            chosen(found, k, "majority")


def test_the_second_group_chooses_among_its_own_samples() -> None:
    """The chosen sample's number counts from the beginning of its group."""
    likely = [said(RIGHT, log_prob=-9), said(WRONG, log_prob=-1), said(WRONG, log_prob=-9), said(RIGHT, log_prob=-1)]
    assert chosen([outcome(likely)], 2, "likeliest").right == [0.5]
    false = [said(WRONG, reasoning="2 + 2 = 5."), said(RIGHT, reasoning="3 + 4 = 7.")] * 2
    assert chosen([outcome(false)], 2, "soundest").right == [1]


def test_a_search_costs_what_all_of_its_beams_wrote() -> None:
    found = [outcome([], said(RIGHT, 12)._replace(spent=60)), outcome([], said(WRONG, 30))]
    assert first(found).right.tolist() == [1, 0] and first(found).tokens.tolist() == [60, 30]


def test_stopping_early_saves_the_samples_that_are_not_drawn() -> None:
    """Four equal answers are 97% sure; three are not. An even race is never decided."""
    found = adaptive(outcomes("rrrrwwww", "rwrwrwrw"))
    assert found.tokens.tolist() == [40, 80] and found.right[0] == 1


def test_a_perfect_judge_needs_one_right_sample() -> None:
    found = passed(outcomes("rwww", "wwww"), 2)
    assert found.right.tolist() == [0.5, 0] and found.tokens.tolist() == [20, 20]


def test_the_yardstick_is_the_vote_of_as_many_samples_as_have_the_tokens() -> None:
    found = outcomes("rrrrww", "wwwrrr")
    stick, votes = Yardstick(found), {k: chosen(found, k, "majority").right for k in range(1, 7)}
    for k, right in votes.items():
        np.testing.assert_allclose(stick.at(10 * k), right)
    np.testing.assert_allclose(stick.at(35), (votes[3] + votes[4]) / 2)
    np.testing.assert_allclose(stick.at(1), votes[1])  # no fewer than one sample, and no more than there are
    np.testing.assert_allclose(stick.at(900), votes[6])
    assert Yardstick(outcomes("r")).at(20).tolist() == [1]


@pytest.mark.parametrize("samples", [1, 2, 3, 8, 16])
def test_methods_are_named_once_and_beliefs_are_about_them(samples: int) -> None:
    listed = methods(samples)
    keys = [one.key for one in listed]
    assert len(keys) == len(set(keys))
    assert {one.source for one in listed} == {*DRAWS, *SEARCHES}
    assert {name for one in contests(samples) for name in (one.first, one.second)} <= set(keys)
    groups = [one.group for one in listed if one.shown]
    assert [a for a, b in zip(groups, [None, *groups], strict=False) if a != b] == list(dict.fromkeys(groups))
    assert all(len(one.label) <= 28 for one in listed if one.shown)  # so that the table fits into 80 columns
    assert sizes(samples)[-1] == samples and PLAIN in DRAWS


def test_a_verifier_chooses_the_best_or_weighs_the_votes() -> None:
    (found,) = outcomes("wwrr")
    assert verified([found], [[0.0, 0.0, 3.0, -9.0]], k=4, weighted=False).right.tolist() == [1]
    assert verified([found], [[1.0, 1.0, 0.5, -9.0]], k=4, weighted=True).right.tolist() == [0]
    assert verified([found], [[-3.0, -3.0, 2.0, 2.0]], k=4, weighted=True).right.tolist() == [1]
    assert verified([found], [[5.0, 0.0, 3.0, 9.0]], k=2, weighted=False).right.tolist() == [0.5]
