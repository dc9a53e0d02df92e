"""The functions of lesson 16 inside minirl: votes, judges, schedules and searches give the same."""

import numpy as np
import pytest

from minirl.evaluation.answers import Answer, Attempt
from minirl.evaluation.score import Outcome, judge
from minirl.generate import Schedule, beam_search, choose
from minirl.generate.vote import certainty
from minirl.lessons import parts
from minirl.lessons.example_model import toy_model
from minirl.lessons.lesson import find_lesson, namespace
from minirl.lessons.roger import (
    EVERY,
    RogerTask,
    config_for,
    roger_tokenizer,
)
from minirl.model import GPT
from minirl.zoo.measure import Yardstick

TASK = RogerTask()
TEXTS = [
    " 2 * 3 = 6. 5 + 6 = 12.\nAnswer: 12", " 5 + 6 = 11.\nAnswer: 11", "\nAnswer: 11.0", "\nAnswer: 12",
    " 2 * 3 = 7. 5 + 7 = 13.\nAnswer: 13", "no answer",
]  # fmt: skip


@pytest.fixture(autouse=True)
def solutions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's functions stand at the seams; parts of other tests do not."""
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    namespace(find_lesson("16").folder / "solution.py")


def samples(rng: np.random.Generator, n: int) -> list[Answer]:
    """Answers of several kinds, some of them cut off."""
    return [
        Answer(TEXTS[i], 20, bool(rng.random() < 0.9), -float(rng.random())) for i in rng.integers(0, len(TEXTS), n)
    ]


def test_the_same_answers_are_chosen_and_votes_stop_at_the_same_place() -> None:
    rng = np.random.default_rng(0)
    groups = [samples(rng, 7) for _ in range(40)]

    def found() -> list[object]:
        chosen = [choose(TASK.checker, EVERY[0], group, by) for group in groups for by in ("majority", "soundest")]
        return [*chosen, certainty(4, 1), Schedule(1.5, 0.3, 20).at([[0, 5], [20, 40]]).round(9).tolist()]

    expected = found()
    seams = ("generate.vote", "generate.judge", "generate.certainty", "generate.schedule")
    with parts.swapped(*seams, force=True) as used:
        assert found() == expected
    assert all(used[name].share == 1 for name in seams[1:])
    assert 0 < used["generate.vote"].share < 1  # 11 and 11.0 are the same answer, and then minirl counts the votes


def test_the_same_search_without_a_cache() -> None:
    tokenizer = roger_tokenizer()
    model, prompts = GPT(config_for(tokenizer), seed=1, std=0.3), [problem.prompt for problem in EVERY[:2]]
    rules = [(1, 0.0), (3, 1.0), (4, 0.6)]

    def found() -> list[tuple[object, ...]]:
        best = [
            next(iter(hypotheses)) for width, alpha in rules
            for hypotheses in beam_search(model, tokenizer, prompts, width=width, alpha=alpha, penalty="power",
                                          max_new_tokens=6)
        ]  # fmt: skip
        return [(one.text, one.finished, round(one.score, 4), round(one.log_prob, 4)) for one in best]

    expected = found()
    with parts.swapped("generate.beam_search", force=True) as used:
        assert found() == expected
    assert used["generate.beam_search"].share == 1


def test_the_same_yardstick() -> None:
    rng, problems = np.random.default_rng(1), EVERY[:5]
    outcomes: list[Outcome] = []
    for problem in problems:
        some = [one._replace(text=f"\nAnswer: {rng.choice([problem.answer, '7'])}") for one in samples(rng, 4)]
        outcomes.append(judge(TASK, problem, Attempt(some[0], some, True)))
    yardstick = Yardstick(outcomes)
    budgets = [5.0, 20.0, 33.0, 80.0, 200.0]
    expected = [yardstick.at(tokens).tolist() for tokens in budgets]
    with parts.swapped("zoo.yardstick", force=True) as used:
        assert [yardstick.at(tokens).tolist() for tokens in budgets] == expected
    assert used["zoo.yardstick"].share == 1


def test_the_toy_model_gives_probabilities_that_depend_on_two_tokens() -> None:
    log_probs = toy_model(3, 4)
    rows = log_probs([(), (1,), (0, 1), (2, 0, 1)])
    assert np.allclose(np.exp(rows).sum(axis=1), 1) and np.array_equal(rows[2], rows[3])
    assert not np.allclose(rows[1], rows[2])
