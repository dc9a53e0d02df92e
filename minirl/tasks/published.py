"""Published datasets as tasks: what GSM8K, SVAMP, AQuA, StrategyQA and the science questions have in common.

    task         answers         train            dev              test
    gsm8k        numbers         9/10 of train    1/10 of train    test
    svamp        numbers         6/10             1/10             3/10: it was published in one piece
    aqua         A, B, C, D, E   train            dev              test
    strategyqa   yes, no         9/10 of train    1/10 of train    dev: the published test has no answers
    arc-easy     A, B, C, ...    7/10 of train    1/10 of train    2/10 of train: the other files are not fetched
    openbookqa   A, B, C, D      8/10 of train    1/10 of train    1/10 of train
    qasc         A to H          2/10 of dev      1/10 of dev      7/10 of dev

A file is divided by checksum (task.py), so everybody gets the same parts. A question that occurs twice, in one file or
in two, is read once: test keeps it before dev, and dev before train. Files are read when a problem is first requested;
`python -m minirl.data fetch NAME` downloads them.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from minirl.data.published import find
from minirl.tasks.finite import Finite
from minirl.tasks.records import DataError, records, text
from minirl.tasks.task import Problem, bucket

PRECEDENCE = ("test", "dev", "train")  # which split keeps a question that occurs in several files


class Part(NamedTuple):
    """Where a split is found: a file, and which tenths of it (0 to 9)."""

    split: str
    file: str
    tenths: Collection[int] = range(10)


class Published(Finite):
    """A dataset read from its published files; `parts` says where its splits are found, `dataset` under which name the
    files are fetched, where it is not the task's own."""

    parts: tuple[Part, ...]
    dataset: str = ""
    documents = {"solved": 1.0}  # noqa: RUF012 (pretraining reads the problems of train, solved)

    def __init__(self) -> None:
        self._lists: dict[str, list[Problem]] = {}

    @abstractmethod
    def problem(self, record: dict[str, Any]) -> Problem | None:
        """A record of a file as a problem; None if it contradicts itself. ValueError for a field that is wrong."""

    def family(self, record: dict[str, Any]) -> str:
        """A key that is equal for all records that must stay in one split."""
        return key(text(record, "question"))

    def listed(self, split: str) -> list[Problem]:
        """Raises FileNotFoundError, naming the command that brings it, for a file that is not on this machine; and
        DataError, naming file, line and field, for one that is damaged."""
        if split not in self._lists:
            earlier = PRECEDENCE[: PRECEDENCE.index(split)]
            taken = {problem.key for other in earlier for problem in self.listed(other)}
            found: dict[str, Problem] = {}
            (part,) = (part for part in self.parts if part.split == split)
            for problem in self._read(part):
                if problem.key not in taken:
                    found.setdefault(problem.key, problem)
            self._lists[split] = list(found.values())
        return self._lists[split]

    def _read(self, part: Part) -> Iterator[Problem]:
        path, line = find(self.dataset or self.name, part.file), 0
        for line, record in records(path):
            try:
                if bucket(self.family(record)) in part.tenths and (problem := self.problem(record)) is not None:
                    yield problem
            except ValueError as error:
                raise DataError(f"{path}, line {line}: {error}") from error
        if not line:
            raise DataError(f"{path} holds no records")


def key(question: str) -> str:
    """The canonical form of a question: capital letters and spacing do not make it another."""
    return " ".join(question.casefold().split())


def one_line(sentences: Iterable[str]) -> str:
    """Sentences, or lines of a calculation, as one line of text in which each ends with a mark."""
    tidy = (" ".join(sentence.split()) for sentence in sentences)
    return " ".join(line if line[-1] in ".?!:;," else line + "." for line in tidy if line)
