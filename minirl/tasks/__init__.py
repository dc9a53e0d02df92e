"""Tasks: problems to reason about, and a checker for their answers. `get("word_problems")` is the main task."""

from typing import Any

from minirl.storage.strict_json import brief
from minirl.tasks import own
from minirl.tasks.addition import Addition
from minirl.tasks.aqua import AQuA
from minirl.tasks.arithmetic import Arithmetic, ColumnAddition
from minirl.tasks.countdown import Countdown
from minirl.tasks.gsm8k import GSM8K
from minirl.tasks.large_numbers import LargeNumbers
from minirl.tasks.look_up import LookUp
from minirl.tasks.mixture import Mixture, is_mixture, parts_of, whole_parts
from minirl.tasks.more_than import MoreThan
from minirl.tasks.open_book import OpenBook
from minirl.tasks.science import Science
from minirl.tasks.science_choices import QASC, ArcEasy, OpenBookQA
from minirl.tasks.strategyqa import StrategyQA
from minirl.tasks.svamp import SVAMP
from minirl.tasks.task import END, Checker, Problem, Task
from minirl.tasks.word_problems import ROGER, WordProblems

ALL = (
    WordProblems, LargeNumbers, MoreThan, Science, Arithmetic, ColumnAddition, Countdown, GSM8K, SVAMP, AQuA,
    StrategyQA, ArcEasy, OpenBookQA, QASC, OpenBook, LookUp, Addition,
)  # fmt: skip
TASKS: dict[str, type[Task]] = {task.name: task for task in ALL}

__all__ = [
    "END",
    "ROGER",
    "TASKS",
    "Checker",
    "Problem",
    "Task",
    "WordProblems",
    "get",
    "is_known",
    "kind",
    "whole_name",
]


def get(name: str, **settings: Any) -> Task:
    """The task called `name`, made with `settings`; of names with commas, the mixture. Raises what `kind` raises."""
    if is_mixture(name):
        return Mixture(name, {part.name: get(part.name) for part in parts_of(name)})
    return kind(name)(**settings)


def kind(name: str) -> type[Task]:
    """What makes the task called `name`: one of TASKS, or a person's own, "my.jsonl" or "module:Class" (own.py).

    Raises ValueError for an unknown name, and for one of a person's own that cannot be used.
    """
    if name not in TASKS and own.is_own(name):
        return own.own_task(name)
    if name not in TASKS:
        raise ValueError(
            f"no task is called {brief(name)}; there are {', '.join(sorted(TASKS))}, a file my.jsonl, or module:Class"
        )
    return TASKS[name]


def is_known(name: str) -> bool:
    """Whether the programs know the task by its name, and need not import a file of a person's first."""
    names = [part.name for part in parts_of(name)] if is_mixture(name) else [name]
    return all(own.is_own(one) or TASKS[one].__module__.startswith("minirl.tasks.") for one in names)


def whole_name(name: str) -> str:
    """The name that holds wherever a program is started: with whole paths."""
    return whole_parts(name) if is_mixture(name) else own.whole_name(name)
