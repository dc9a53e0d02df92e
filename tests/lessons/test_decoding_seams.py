"""The functions of lessons 16 and 17 inside minirl: votes, judges, searches, calls and rankings are the same."""

from dataclasses import replace

import numpy as np
import pytest

from minirl.data import Document, encode_documents
from minirl.data.document import marked
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
    numbers_of_two_digits,
    roger_tokenizer,
    roger_with_calls,
)
from minirl.model import GPT
from minirl.retrieval import Index
from minirl.retrieval.fusion import fuse
from minirl.rl.mdp import Agent, Environment, Episode, State, play
from minirl.tokenizer import Tokenizer
from minirl.tools import Toolbox, ToolError, calculator
from minirl.train.sft import solved
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
    for number in ("16", "17"):
        namespace(find_lesson(number).folder / "solution.py")


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


# ---- lesson 17 ----


def calculated(text: str) -> str:
    """What the calculator gives, an error as text."""
    try:
        return calculator.call(text)
    except ToolError as error:
        return f"error: {error}"


def test_the_same_calculations_and_errors() -> None:
    texts = ["12 * 34", "9 - 3 - 2", "2 * (3 + 4)", "2 +", "(2", "3 4", "1 / 3", "-3", "2.5 * 2", "1,000 + 1", ""]
    expected = [calculated(text) for text in texts]
    with parts.swapped("tools.calculate", force=True) as used:
        assert [calculated(text) for text in texts] == expected
    assert used["tools.calculate"].calls == 6


def test_the_same_documents() -> None:
    texts = [roger_with_calls(*three).completion for three in numbers_of_two_digits(20, 0)]
    expected = [marked(text) for text in texts]
    with parts.swapped("data.marked", force=True) as used:
        assert [marked(text) for text in texts] == expected and marked("a", 0.5) == [("a", 0.5)]
    assert used["data.marked"].calls == 20


class Scripted(Agent):
    """An agent that writes what it is told, and whose model says how likely that was."""

    def __init__(self, model: GPT, tokenizer: Tokenizer, script: list[int]) -> None:
        super().__init__(model, tokenizer)
        self.left = iter(script)

    def act(self, state: State, rng: np.random.Generator) -> int:
        return next(self.left)


def test_the_same_episodes_with_a_tool() -> None:
    tokenizer = roger_tokenizer()
    model, box = GPT(config_for(tokenizer), seed=0), Toolbox(tokenizer, [calculator], calls=1)
    text, call, end = tokenizer.encode(" Roger"), tokenizer.encode("calculator 2 * 3"), box.finish
    answer = tokenizer.encode(f"\nAnswer: {EVERY[0].answer}")
    whole = [box.begin, *call, box.end]
    scripts = [
        [*whole, *answer, end], [*whole, *whole, *answer, end], [*text, end], [box.begin, *call, end], [box.end],
        [*text, box.begin_result], [*text * 100],
    ]  # fmt: skip

    def episodes() -> list[Episode]:
        environment = Environment(tokenizer, TASK, 60, tools=box)
        rng = np.random.default_rng(0)
        return [play(Scripted(model, tokenizer, script), environment, EVERY[0], rng) for script in scripts]

    expected = episodes()
    with parts.swapped("rl.answer_with", force=True) as used:
        found = episodes()
    for one, other in zip(found, expected, strict=True):
        assert one.actions.tolist() == other.actions.tolist() and one.forced.tolist() == other.forced.tolist()
        assert (one.reward, one.finished, one.text) == (other.reward, other.finished, other.text)
        assert np.allclose(one.log_probs, other.log_probs, atol=1e-5)
    assert used["rl.answer_with"].share == 1
    assert [one.reward for one in expected] == [1, 1, 0, 0, 0, 0, 0] and expected[1].forced.sum() > expected[
        0
    ].forced.sum()


def test_the_same_rankings() -> None:
    index = Index.from_texts(["The Sun is a star.", "The moon shines.", "A star shines for long, long.", "Sound"])
    queries = ["Which star shines long?", "the sun", "sound sound"]
    rankings = [[7, 3, 5], [5, 7, 9], [1]]
    expected = [index.scores(query) for query in queries], fuse(rankings), fuse(rankings, 10)
    with parts.swapped("retrieval.scores", "retrieval.fuse", force=True) as used:
        found = [index.scores(query) for query in queries], fuse(rankings), fuse(rankings, 10)
    assert all(np.allclose(one, other, rtol=1e-5) for one, other in zip(found[0], expected[0], strict=True))
    assert found[1:] == expected[1:]
    assert used["retrieval.scores"].share == 1 and used["retrieval.fuse"].calls == 1


def test_a_result_has_no_weight_in_training() -> None:
    tokenizer = roger_tokenizer()
    problem = roger_with_calls(10, 20, 30)
    (document,) = solved(tokenizer, [problem])
    changed = replace(problem, reasoning=problem.reasoning.replace("<|result|>600<", "<|result|>999<"))
    (other,) = encode_documents(tokenizer, [[(problem.prompt, 0.0), *marked(changed.completion)]])
    assert isinstance(document, Document) and np.array_equal(document.weights, other.weights)
    assert not document.weights[document.ids != other.ids].any() and (document.ids != other.ids).any()
