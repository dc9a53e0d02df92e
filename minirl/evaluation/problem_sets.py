"""Which problems a model is examined on, and how long and how often it may answer them."""

from typing import NamedTuple

from minirl import tasks
from minirl.evaluation.answers import Settings
from minirl.runs import Run
from minirl.streams import stream_seed
from minirl.tasks import Problem, Task
from minirl.tasks.science import Science

SCIENCE_SPLITS = {"train": "science questions", "test": "science paraphrases"}


class ProblemSet(NamedTuple):
    """Problems of one split. `label` names them in tables."""

    label: str
    task: Task
    problems: list[Problem]
    settings: Settings


def own_sets(run: Run, *, problems: int, samples: int, seed: int) -> list[ProblemSet]:
    """Those of the run's final table: the test splits of its task, and science, answered greedily alone."""
    own = sets_of(run, problems=problems, samples=samples, seed=seed)
    science, settings = Science(), Settings(0, run.config.evaluation.science_tokens, seed=0)
    return own + [
        ProblemSet(label, science, science.problems(split, science.size(split)), settings)
        for split, label in SCIENCE_SPLITS.items()
    ]


def sets_of(
    run: Run, task: str | None = None, split: str | None = None, *, problems: int, samples: int, seed: int,
    max_new_tokens: int | None = None,
) -> list[ProblemSet]:  # fmt: skip
    """At most `problems` problems of a split of a task; by default of each test split, and of the run's own task.

    They are drawn with a seed apart from every seed of training; the splits share no problem with it anyway.
    Raises ValueError for an unknown task or split.
    """
    chosen = tasks.get(task or run.config.task)
    if split is not None:
        split = chosen.require_split(split)
    config = run.config.evaluation
    usual = config.science_tokens if isinstance(chosen, Science) else config.max_new_tokens
    settings = Settings(samples, max_new_tokens or usual, stream_seed(seed, "test samples"))
    sets = []
    for name in [split] if split else test_splits(chosen):
        size = chosen.size(name)
        n = problems if size is None else min(problems, size)
        drawn = distinct(chosen.problems(name, n, stream_seed(seed, "test problems")))
        sets.append(ProblemSet(name if task is None else f"{task} {name}", chosen, drawn, settings))
    return sets


def distinct(problems: list[Problem]) -> list[Problem]:
    """Each question once. Small tasks repeat themselves, and a problem asked twice says no more than asked once."""
    return list({problem.question: problem for problem in problems}.values())


def test_splits(task: Task) -> list[str]:
    """The splits for the final table: those that training and tuning never look at."""
    return [split for split in task.splits if split not in ("train", "dev")]
