"""A task of one's own: what lesson 14 tells the learner to type works, and its check finds what is wrong."""

import random
import re
import runpy
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import minirl.train
from minirl.lessons.lesson import find_lesson, namespace
from minirl.lessons.small_job import SMALL
from minirl.runs import PRESETS, Run, Screen, TrainConfig
from minirl.tasks import ROGER, TASKS, Problem, Task, get
from minirl.tasks.checker import NumberChecker
from minirl.tasks.task import split_of
from minirl.train import train
from minirl.train.chain import EXAMPLES, examples, say_what_next, train_tokenizer

LESSON = find_lesson("14")
EXERCISES = """
import random
from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tasks.task import split_of

def paired(before, after):
    return after.mean() - before.mean(), 0.0

class MyTask(Task):
    name = "mine"
    checker = NumberChecker()
    science = False

    def problems(self, split, n, seed=0):
        self.require_split(split)
        rng, drawn = random.Random(f"{split} {seed}"), []
        while len(drawn) < n:
            numbers = [rng.randint(1, 99) for _ in range(3)]
            key, most = " ".join(map(str, numbers)), max(numbers)
            if split_of(key) == split:
                question = f"Which is the largest of the three numbers {key}?"
                drawn.append(Problem(question, f"{most} is the largest.", str(most), key))
        return drawn
"""


class Larger(Task):
    """Which of two numbers is larger? A task that does not come with minirl."""

    name = "larger of two"
    checker = NumberChecker()
    science = False

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        rng, drawn = random.Random(f"{self.require_split(split)} {seed}"), list[Problem]()
        while len(drawn) < n:
            a, b = rng.randint(1, 99), rng.randint(1, 99)
            if split_of(f"{a} {b}") == split:
                drawn.append(Problem(f"{a} or {b}?", f"{max(a, b)}.", str(max(a, b)), f"{a} {b}"))
        return drawn


def scripts() -> list[str]:
    """The programs that section 8 tells the learner to save, in order."""
    text = (LESSON.folder / "lesson.py").read_text(encoding="utf-8")
    found = re.findall(r"^# ```python\n(.*?)^# ```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^# ?", "", block, flags=re.MULTILINE) for block in found]


def shortened(config: TrainConfig) -> TrainConfig:
    """The same run with a few updates in each stage."""
    return replace(
        config,
        pretrain=replace(config.pretrain, steps=2),
        sft=replace(config.sft, epochs=1, demonstrations=32),
        rl=replace(config.rl, steps=1, prompts=2, samples=2),
        evaluation=replace(config.evaluation, problems=2, samples=1, dev_problems=2, probes=1),
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A learner's folder of lesson 14, with a task in it."""
    (tmp_path / "exercises.py").write_text(EXERCISES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "exercises", raising=False)
    yield tmp_path
    sys.modules.pop("exercises", None)
    TASKS.pop("mine", None)


def test_the_programs_of_the_lesson_train_a_task_and_compare(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer, comparer, settings = scripts()
    with monkeypatch.context() as patch:
        patch.setattr(minirl.train, "train", lambda config: train(shortened(config)))
        (folder / "train_mine.py").write_text(trainer, encoding="utf-8")
        names = runpy.run_path("train_mine.py")
    run = Run.open(folder / "runs" / "mine-0")
    assert run.results() is not None and run.config.task == "mine"
    said = capsys.readouterr().out
    assert "problem 1 of dev, after RL" in said and "Which is the largest of the three numbers" in said
    assert "Roger" not in said and "python -m minirl.evaluate" not in said and "python -m minirl.trace" not in said

    (compare,) = re.findall(r"^    import minirl.evaluate; (.*)$", said, re.MULTILINE)
    with redirect_stdout(StringIO()) as printed:
        exec(f"import minirl.evaluate; {compare}")
    assert "mine-0" in printed.getvalue() and "no task is called" not in capsys.readouterr().err

    names = {"config": names["config"], "replace": replace}
    exec(settings, names)
    config: Any = names["config"]
    assert config.rl.max_new_tokens == config.evaluation.max_new_tokens == 64 and config.rl.steps == 80
    train_tokenizer(config)  # it raises ConfigError where texts or answers do not fit

    (folder / "compare_mine.py").write_text(comparer.replace('"test", 100', '"test", 3'), encoding="utf-8")
    with redirect_stdout(StringIO()) as printed:
        runpy.run_path("compare_mine.py")
    assert [line.split(":")[0] for line in printed.getvalue().splitlines()] == [
        "sft", "rl", "difference and its standard error",
    ]  # fmt: skip


def test_a_task_of_ones_own_is_asked_its_own_problems() -> None:
    assert examples(get("word_problems")) == EXAMPLES and ROGER.question in EXAMPLES.values()
    own = examples(Larger())
    assert list(own.values()) == [problem.question for problem in Larger().problems("dev", 2)]

    class WithScience(Larger):
        science = True

    assert set(examples(WithScience())) == {*own, "science question"}


def test_commands_at_the_end_can_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    say_what_next(Run(tmp_path / "roger", PRESETS["roger"]), Screen())
    assert "python -m minirl.evaluate --compare" in capsys.readouterr().out
    monkeypatch.setitem(TASKS, Larger.name, Larger)
    say_what_next(Run(tmp_path / "larger", replace(SMALL, task=Larger.name)), Screen())
    said = capsys.readouterr().out
    assert "python -m minirl.chat" in said and "import minirl.trace; minirl.trace.main(" in said
    assert "python -m minirl.evaluate" not in said and "python -m minirl.trace" not in said


def test_a_smoke_run_names_the_main_job_that_it_was_a_trial_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path / "smoke", PRESETS["smoke"])
    say_what_next(run, Screen())
    assert capsys.readouterr().out.splitlines()[-1].strip() == "python -m minirl.train"
    say_what_next(run, Screen(), "python -m minirl.lessons run 14 --full")
    assert capsys.readouterr().out.splitlines()[-1].strip() == "python -m minirl.lessons run 14 --full"


def facts(task: type[Task]) -> list[str]:
    """What the check finds wrong with a task."""
    found = namespace(LESSON.folder / "checks.py")["facts"]({"MyTask": task}, 20, 0)
    return [words for words, holds in found.items() if not holds]


def test_the_check_of_a_task_finds_rare_shared_keys_and_other_faults() -> None:
    assert facts(Larger) == []

    class Shares(Larger):  # each split draws from all keys, as if splits were seeds
        def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
            rng = random.Random(f"{self.require_split(split)} {seed}")
            pairs = [(rng.randint(1, 999), rng.randint(1, 999)) for _ in range(n)]
            return [Problem(f"{a} or {b}?", ".", str(max(a, b)), f"{a} {b}") for a, b in pairs]

    assert facts(Shares) == ["no key is in two splits"]

    class OneSeed(Larger):
        def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
            return super().problems(split, n)

    assert facts(OneSeed) == ["another seed gives other problems"]

    class AnySplit(Larger):
        splits = (*Larger.splits, "no such split")

        def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
            return super().problems("dev" if split == "no such split" else split, n, seed)

    assert facts(AnySplit) == ["problems('no such split', 1) raises ValueError"]
