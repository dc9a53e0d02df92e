"""The functions of lessons 7, 10, 13, 18 and 19 inside minirl: tokens, rewards, estimates and points are the same."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from minirl.bugs import mystery
from minirl.evaluation import estimate
from minirl.generate import Sampling
from minirl.generate.sampling import draw
from minirl.lessons import exercises_of, parts
from minirl.lessons.folder import make_folder
from minirl.lessons.lesson import all_exercises, find_lesson, namespace
from minirl.lessons.main_job import trains
from minirl.rl.advantage import advantages
from minirl.tasks import Problem
from minirl.tasks.checker import NumberChecker
from minirl.tokenizer import Tokenizer

TEXTS = ["the cat sat on the mat", "the hat, the bat; 12 + 7 = 19", "naïve café 🎾"]
AWKWARD = ["", "  two spaces", "日本語", "<|end|>", "don't", "e\u0301", "aaaa\n\n"]


@pytest.fixture(autouse=True)
def solutions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's functions stand at the seams; parts of other tests do not."""
    monkeypatch.setattr(parts, "PARTS", {})
    monkeypatch.setattr(parts, "STAND_INS", set())
    for number in ("7", "10", "13", "18", "19"):
        namespace(find_lesson(number).folder / "solution.py")


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4-digits"])
def test_a_tokenizer_is_the_same(pattern: str) -> None:
    own = Tokenizer.train(TEXTS, 290, pattern=pattern)
    with parts.swapped("tokenizer.train", "tokenizer.encode", "tokenizer.decode", force=True) as used:
        tokenizer = Tokenizer.train(TEXTS, 290, pattern=pattern)
        ids = [tokenizer.encode(text) for text in [*TEXTS, *AWKWARD]]
        back = [tokenizer.decode(some) for some in ids]
        allowed = tokenizer.encode("a<|end|>b", allowed_special="all")
        skipped = tokenizer.decode(allowed, skip_special=True)
    assert tokenizer.merges == own.merges and ids == [own.encode(text) for text in [*TEXTS, *AWKWARD]]
    assert back == [*TEXTS, *AWKWARD] and skipped == "ab" and allowed == own.encode("a<|end|>b", allowed_special="all")
    assert {use.share for use in used.by_id.values()} == {1}


def test_the_same_tokens_are_drawn() -> None:
    rng = np.random.default_rng(0)
    logits, uniform = rng.normal(0, 2, (60, 9)).astype(np.float32), rng.random(60)
    rules = [Sampling(), Sampling(temperature=0), Sampling(temperature=0.7, top_k=3), Sampling(top_p=0.8)]
    expected = [draw(logits, uniform, rule, 9) for rule in rules]
    with parts.swapped("generate.sample", force=True) as used:
        found = [draw(logits, uniform, rule, 9) for rule in rules]
    for (ids, log_probs), (other_ids, other_log_probs) in zip(found, expected, strict=True):
        assert ids.tolist() == other_ids.tolist() and np.allclose(log_probs, other_log_probs, atol=1e-5)
    assert used["generate.sample"].share == 1


def test_the_same_advantages() -> None:
    rewards = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    expected = advantages(rewards, "group_normalised")
    with parts.swapped("rl.group_normalised", force=True) as used:
        assert np.allclose(advantages(rewards, "group_normalised"), expected)
    assert used["rl.group_normalised"].share == 1


def test_the_same_rewards_and_estimates() -> None:
    problem, checker = Problem("", "", "18", "x"), NumberChecker()
    answers = ["\nAnswer: 18", "\nAnswer: $18.0.<|end|>", "\nAnswer: 9+9", "18", "\nAnswer: 19\nAnswer: 18"]
    first, second = [1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]

    def found() -> tuple[list[bool], estimate.Comparison, float]:
        right = [checker.check(problem, answer) for answer in answers]
        return right, estimate.paired_bootstrap(first, second), estimate.pass_at_k(2, 8, 4)

    right, compared, share = found()
    with parts.swapped("tasks.check", "evaluation.paired_bootstrap", "evaluation.pass_at_k", force=True) as used:
        other_right, other_compared, other_share = found()
    assert other_right == right == [True, True, False, False, True] and other_share == pytest.approx(share)
    assert np.allclose(other_compared.difference, compared.difference) and other_compared[1:] == compared[1:]
    assert {use.share for use in used.by_id.values()} == {1}


def test_the_same_points() -> None:
    beliefs = {cause: 0.96 if cause == "masked end" else 0.005 for cause in mystery.CAUSES}
    own = [mystery.points(beliefs, cause, 7) for cause in mystery.CAUSES]
    with parts.swapped("bugs.points", force=True) as used:
        assert [mystery.points(beliefs, cause, 7) for cause in mystery.CAUSES] == pytest.approx(own)
    assert used["bugs.points"].share == 1 and used["bugs.points"].calls == len(mystery.CAUSES)


def test_what_is_slow_or_idle_in_the_main_job_stays_out_of_it() -> None:
    seams = {exercise.seam: trains(exercise) for _, exercise in all_exercises() if exercise.seam}
    assert not seams["generate.sample"] and not seams["tokenizer.encode"] and seams["optim.adamw"]


def test_a_lesson_may_use_the_functions_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lesson 13 works with the functions of lesson 12, although the exercises.py in its own folder is another file."""
    progress, twelve = make_folder(tmp_path), find_lesson("12")
    file = tmp_path / twelve.name / "exercises.py"
    shutil.copyfile(twelve.folder / "solution.py", file)
    for exercise in twelve.exercises:
        progress.checked(exercise, file, "pass")
    monkeypatch.chdir(tmp_path / find_lesson("13").name)
    my = exercises_of(12)
    assert my.whose(*(exercise.name for exercise in twelve.exercises)) == "your"
    assert len(my.all_episodes(5, 0, 3)) == 85
