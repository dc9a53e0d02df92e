"""A person's own problems: a file of them, or a class in a Python file, named where a task's name is expected.

    --task my.jsonl         {"question": "...", "reasoning": "...", "answer": "18"}, one object a line
    --task puzzles:Larger   the class Larger, a Task, in puzzles.py

A run remembers the name, so evaluate, trace and resume find the task again. A file's name is its whole path. A module
is looked for where Python looks for them, and in the folder in which the program was started.

A file's problems are divided by checksum, 8 tenths train, 1 dev, 1 test, unless they name their "split". How answers
are compared is decided by all of them: as numbers if all are numbers, as yes or no if all say that, else as words. A
first line {"checker": "text"} decides it instead.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from minirl.storage.strict_json import brief
from minirl.tasks.checker import NumberChecker, TextChecker, parse_number
from minirl.tasks.finite import Finite
from minirl.tasks.records import DataError, records, text
from minirl.tasks.task import Checker, Problem, Task, plain, split_of
from minirl.tasks.yes_no import YesNoChecker, parse_yes_no

CHECKERS: dict[str, type[Checker]] = {"number": NumberChecker, "yes-no": YesNoChecker, "text": TextChecker}
FIELDS = {"question", "reasoning", "answer", "split", "checker"}


def is_own(name: str) -> bool:
    """Whether the name is one of a file or of a class, and not of a task that comes with minirl."""
    return name.endswith(".jsonl") or ":" in name


def whole_name(name: str) -> str:
    """The name that holds wherever a program is started: a file's whole path."""
    return str(Path(name).resolve()) if name.endswith(".jsonl") else name


def own_task(name: str) -> type[Task]:
    """What makes the task of this name. Raises FileNotFoundError, DataError or ValueError, saying what is wrong."""
    return task_class(name) if not name.endswith(".jsonl") else type("Own", (FileTask,), {"name": name})


def task_class(name: str) -> type[Task]:
    """The class `module:Class`."""
    module, _, member = name.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), member)
    except ImportError as error:
        raise ValueError(
            f"the task {name!r} cannot be imported: {error}. Start the program in the folder of {module}.py"
        ) from error
    except AttributeError:
        raise ValueError(f"the task {name!r}: {module} has no {member}") from None
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise ValueError(f"the task {name!r} is {brief(found)}; expected a class derived from minirl.tasks.Task")
    found.name = name  # so that a run finds it again
    return found


class FileTask(Finite):
    """The problems of a .jsonl file; `name` is its path."""

    documents = {"solved": 1.0}  # noqa: RUF012 (pretraining on generated text reads the problems of train, solved)
    science = False

    def __init__(self) -> None:
        path = Path(self.name)
        if not path.is_file():
            raise FileNotFoundError(
                f"there is no {path}; --task names a file with a problem a line, see docs/your-own-task.md"
            )
        self._splits: dict[str, dict[str, Problem]] = {split: {} for split in self.splits}
        kind = None
        for line, record in records(path):
            try:
                if not any(self._splits.values()) and "question" not in record and "checker" in record:
                    kind = text(record, "checker")
                    if kind not in CHECKERS:
                        raise ValueError(f"'checker' is {brief(kind)}; expected one of {', '.join(CHECKERS)}")
                    continue
                split, problem = self._problem(record)
            except ValueError as error:
                raise DataError(f"{path}, line {line}: {error}") from None
            if all(problem.key not in listed for listed in self._splits.values()):
                self._splits[split][problem.key] = problem
        if not self._splits["train"]:
            raise DataError(f'{path} has no problem for training; add problems, or a "split": "train"')
        self.checker = CHECKERS[kind or self._kind()]()

    def _problem(self, record: dict[str, Any]) -> tuple[str, Problem]:
        if unknown := sorted(set(record) - FIELDS):
            raise ValueError(f"there is no field {brief(unknown[0])}; there are {', '.join(sorted(FIELDS))}")
        question = " ".join(text(record, "question").split())
        reasoning = text(record, "reasoning", empty=True) if "reasoning" in record else ""
        answer = record.get("answer")
        said = str(answer) if isinstance(answer, int) and not isinstance(answer, bool) else text(record, "answer")
        key = plain(question)
        split = text(record, "split") if "split" in record else split_of(key)
        if split not in self.splits:
            raise ValueError(f"'split' is {brief(split)}; expected one of {', '.join(self.splits)}")
        return split, Problem(question, " ".join(reasoning.split()), " ".join(said.split()), key)

    def _kind(self) -> str:
        answers = [problem.answer for listed in self._splits.values() for problem in listed.values()]
        if all(parse_number(answer) is not None for answer in answers):
            return "number"
        return "yes-no" if all(parse_yes_no(answer) is not None for answer in answers) else "text"

    def listed(self, split: str) -> list[Problem]:
        return list(self._splits[self.require_split(split)].values())
