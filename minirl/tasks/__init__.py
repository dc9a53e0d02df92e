"""Tasks: problems to reason about, and a checker for their answers. `get("word_problems")` is the main task."""

from typing import Any

from minirl.storage.strict_json import brief
from minirl.tasks.addition import Addition
from minirl.tasks.aqua import AQuA
from minirl.tasks.arithmetic import Arithmetic, ColumnAddition
from minirl.tasks.countdown import Countdown
from minirl.tasks.gsm8k import GSM8K
from minirl.tasks.large_numbers import LargeNumbers
from minirl.tasks.look_up import LookUp
from minirl.tasks.more_than import MoreThan
from minirl.tasks.open_book import OpenBook
from minirl.tasks.own import is_own, own_task
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

__all__ = ["END", "ROGER", "TASKS", "Checker", "Problem", "Task", "WordProblems", "get", "kind"]


def get(name: str, **settings: Any) -> Task:
    """The task called `name`, made with `settings`. Raises what `kind` raises."""
    return kind(name)(**settings)


def kind(name: str) -> type[Task]:
    """What makes the task called `name`: one of TASKS, or a person's own, "my.jsonl" or "module:Class" (own.py).

    Raises ValueError for an unknown name, and for one of a person's own that cannot be used.
    """
    if name not in TASKS and is_own(name):
        return own_task(name)
    if name not in TASKS:
        raise ValueError(
            f"no task is called {brief(name)}; there are {', '.join(sorted(TASKS))}, a file my.jsonl, or module:Class"
        )
    return TASKS[name]
