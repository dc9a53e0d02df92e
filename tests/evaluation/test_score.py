"""From answers to scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minirl.evaluation.answers import Answer, Attempt, Settings
from minirl.evaluation.estimate import pass_at_k
from minirl.evaluation.score import Outcome, is_right, judge, measures, scores, vote
from minirl.generate import Beams
from minirl.tasks import Problem, get

TASK = get("word_problems")


def outcomes(right: list[str], greedy: list[str], sampled: list[list[str]]) -> list[Outcome]:
    """Problems with these right answers, answered like this."""
    return [
        judge(TASK, Problem(f"{answer}?", "r", answer, answer), Attempt(said(first), list(map(said, others)), True))
        for answer, first, others in zip(right, greedy, sampled, strict=True)
    ]


def said(text: str) -> Answer:
    return Answer(f" x\nAnswer: {text}", 4 + len(text), True)


def test_scores_of_known_answers() -> None:
    """Three problems, four samples: 4, 2 and 0 right; votes right, right by majority, wrong."""
    found = outcomes(["0", "1", "2"], ["0", "9", "2"], [["0"] * 4, ["1", "1", "7", "8"], ["5", "5", "6", ""]])
    values = {name: estimate.value for name, estimate in scores(found, [1, 2, 4]).items()}
    assert values == pytest.approx(
        {
            "greedy": 2 / 3,
            "pass@1": (1 + 1 / 2 + 0) / 3,
            "pass@2": (1 + 5 / 6 + 0) / 3,
            "pass@4": 2 / 3,
            "majority@2": 2 / 3,
            "majority@4": 2 / 3,
            "tokens": 5,
        }
    )


def test_every_score_has_an_interval_around_it() -> None:
    found = outcomes(["0", "1"] * 20, ["0", "0"] * 20, [["0", "1", "1", "2"]] * 40)
    for low, value, high in ((e.low, e.value, e.high) for e in scores(found, [1, 4]).values()):
        assert low <= value <= high


def test_nothing_right_is_not_certain() -> None:
    """A bootstrap would draw zeros alone."""
    assert scores(outcomes(["1"] * 20, ["2"] * 20, [["2", "3"]] * 20), [1, 2])["pass@1"].high > 0.1


@given(st.lists(st.sampled_from(["1", "2", "3", ""]), min_size=1, max_size=8), st.data())
def test_pass_and_majority_of_any_samples(sampled: list[str], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(sampled)))
    (outcome,) = outcomes(["1"], ["1"], [sampled])
    assert outcome.pass_at(k) == pass_at_k(sampled.count("1"), len(sampled), k)
    first = [text for text in sampled[:k] if text]
    most = max(map(first.count, first), default=0)
    if first.count("1") < most or not first:
        assert not outcome.majority_at(k)
    if most and [text for text in set(first) if first.count(text) == most] == ["1"]:
        assert outcome.majority_at(k)


def test_without_samples_there_is_no_pass_at_k() -> None:
    assert list(measures(outcomes(["1"], ["1"], [[]]), [1, 8])) == ["greedy", "tokens"]


@pytest.mark.parametrize("k", [0, -1, 3, 8])
def test_no_measure_of_more_samples_than_there_are(k: int) -> None:
    found = outcomes(["1"], ["1"], [["1", "2"]])
    for measure in (found[0].pass_at, found[0].majority_at, lambda k: measures(found, [k])):
        with pytest.raises(ValueError, match=f"k(=| is ){k}\\b"):
            measure(k)


def test_without_outcomes_there_are_no_measures() -> None:
    for function in (measures, scores):
        with pytest.raises(ValueError, match="there are no outcomes"):
            function([], [1])


def test_all_problems_are_sampled_equally_often() -> None:
    with pytest.raises(ValueError, match="some problems have 0 samples, others 2"):
        measures(outcomes(["1", "1"], ["1", "1"], [["1", "2"], []]), [1])


def test_an_answer_that_was_cut_off_is_wrong_and_has_no_vote() -> None:
    cut = Answer(" x\nAnswer: 1", 4, finished=False)
    assert not is_right(TASK, Problem("q", "r", "1", "k"), cut)
    assert vote(cut) is None


def test_other_ways_to_choose_among_samples() -> None:
    """Four samples say 1 first, then five say 2: less likely ones, with a false equation."""
    samples = [Answer(" 1 * 1 = 1.\nAnswer: 1", 9, True, -1.0)] * 4
    samples += [Answer(" 1 * 1 = 2.\nAnswer: 2", 9, True, -3.0)] * 5
    found = [judge(TASK, Problem("q?", "r", right, right), Attempt(samples[0], samples, True)) for right in ("1", "2")]
    settings = Settings(9, 9, seed=0, beam=Beams(4), log_probs=True)
    values = measures(found, [1, 9], settings)
    assert values["majority@9"] == [0, 1]
    for name in ("beam@4", "weighted@9", "arithmetic@9", "likeliest@9", "adaptive@9"):
        assert values[name] == [1, 0], name
    assert values["drawn@9"] == [4, 4]  # 4 to 0 is sure enough
    assert {name for name in values if name.endswith("@1")} == {"pass@1"}
    means = scores(found, [1, 9], settings)
    assert (means["drawn@9"].value, means["drawn@9"].low, means["weighted@9"].value) == (4, 4, 0.5)
