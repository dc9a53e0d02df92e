"""The problems that a model is evaluated on, and how it answers them: how many samples, how many tokens."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from minirl import tasks
from minirl.evaluation.answers import Settings
from minirl.runs import Run
from minirl.streams import stream_seed
from minirl.tasks import Problem, Task, WordProblems
from minirl.tasks.mixture import Mixture
from minirl.tasks.rewordings import rewordings
from minirl.tasks.science import Science

SCIENCE_SPLITS = {"train": "science questions", "test": "science paraphrases"}
REWORDED = "Roger reworded"


class ProblemSet(NamedTuple):
    """Different problems of one split."""

    label: str
    """Its name in tables."""
    task: Task
    problems: list[Problem]
    settings: Settings
    note: str | None = None
    """Why there are fewer problems than were asked for, if there are."""


def own_sets(run: Run, *, problems: int, samples: int, seed: int) -> list[ProblemSet]:
    """The sets of the run's final table: the test splits of its task, of each task of a mixture, and of RL's own; and
    two that are answered greedily only: our running example in other words, where the task is word problems, and
    science questions, where it learns them."""
    own = sets_of(run, problems=problems, samples=samples, seed=seed)
    if run.config.rl.task and "rl" in run.stages:
        own += sets_of(run, run.config.rl.task, problems=problems, samples=samples, seed=seed)
    if run.config.task == WordProblems.name:
        own.append(reworded(run))
    if not run.task().science:
        return own
    science, settings = (
        Science(),
        Settings(0, run.config.evaluation.science_tokens, seed=0, form=run.form, shots=run.shots),
    )
    return own + [
        ProblemSet(label, science, science.problems(split, science.size(split)), settings)
        for split, label in SCIENCE_SPLITS.items()
    ]


def reworded(run: Run) -> ProblemSet:
    """Our running example in twenty other wordings."""
    settings = Settings(0, run.config.evaluation.max_new_tokens, seed=0, form=run.form, shots=run.shots)
    return ProblemSet(REWORDED, WordProblems(), rewordings(), settings)


def sets_of(
    run: Run, task: str | None = None, split: str | None = None, *, problems: int, samples: int, seed: int,
    max_new_tokens: int | None = None,
) -> list[ProblemSet]:  # fmt: skip
    """At most `problems` problems of a split of a task; by default of each test split of the run's own task.

    They are drawn with a seed that training never uses. The splits share no problem with the training split anyway.
    Raises ValueError for an unknown task or split.
    """
    chosen = run.task() if task is None else tasks.get(task)
    given: Any = {
        "split": split,
        "problems": problems,
        "samples": samples,
        "seed": seed,
        "max_new_tokens": max_new_tokens,
    }
    if isinstance(chosen, Mixture):  # a table of its own for each
        listed = [_sets_of(run, one, f"{Path(name).name} ", **given) for name, one in chosen.sources.items()]
        return [one for sets in listed for one in sets]
    return _sets_of(run, chosen, "" if task is None else f"{task} ", **given)


def _sets_of(
    run: Run, chosen: Task, before: str, *, split: str | None, problems: int, samples: int, seed: int,
    max_new_tokens: int | None,
) -> list[ProblemSet]:  # fmt: skip
    """The sets of one task. before: what stands before the split in a set's label."""
    asked_for = split
    if split is not None:
        split = chosen.require_split(split)
    config = run.config.evaluation
    usual = config.science_tokens if isinstance(chosen, Science) else config.max_new_tokens
    settings = Settings(
        samples,
        max_new_tokens or usual,
        stream_seed(seed, "test samples"),
        tools=chosen.tools,
        form=run.form,
        shots=run.shots,
    )
    sets = []
    for name in [split] if split else test_splits(chosen):
        size = chosen.size(name)
        n = problems if size is None else min(problems, size)
        drawn = distinct(chosen.problems(name, n, stream_seed(seed, "test problems")))
        label = f"{before}{name}"
        note = None if asked_for in (None, split) else f"The split {asked_for} is now called {split}."
        if size is not None and size < problems:
            note = f"{label} holds {size} problems, fewer than the {problems} asked for."
        elif len(drawn) < problems:
            note = f"{label}: of the {problems} problems drawn {len(drawn)} are different; each is asked once."
        sets.append(ProblemSet(label, chosen, drawn, settings, note))
    return sets


def distinct(problems: list[Problem]) -> list[Problem]:
    """Each question once. Small tasks repeat their problems, and asking one twice says no more than asking it once."""
    return list({problem.question: problem for problem in problems}.values())


def test_splits(task: Task) -> list[str]:
    """The splits for the final table. Training and tuning never look at them."""
    return [split for split in task.splits if split not in ("train", "dev")]


def headline_split(results: Sequence[Mapping[str, Any]]) -> str | None:
    """The split that a table's headline is about: unseen where there is one, else the first. None without results."""
    splits = [entry["split"] for entry in results]
    return "unseen" if "unseen" in splits else next(iter(splits), None)
