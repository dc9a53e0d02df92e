"""A mixture: problems of several tasks, each as often as its weight says, and each judged by its own checker.

    --task gsm8k:2,strategyqa,my.jsonl     two problems of GSM8K for each of the others
    --task gsm8k,aqua/dev                  of AQuA the split dev is learned from, where its train file is not at hand

A weight is a number after a colon, 1 without. Problems are drawn in turns: the first problems of a mixture have its
shares already. A task that has no problem left is passed over. A problem's key begins with the name of its task, so
every program that meets the problem knows who judges it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from pathlib import Path

from minirl.tasks.prompt import Conversation, Form
from minirl.tasks.task import Checker, Problem, Task, same_answer

BETWEEN = ": "  # the name of a task and a problem's own key
LARGEST = 1000  # weight
_PART = re.compile(r"(?P<name>.+?)(?:/(?P<split>train|dev|test))?(?::(?P<weight>\d+(?:\.\d+)?))?")


@dataclass(frozen=True)
class Part:
    """A task of a mixture: its name, its weight, and the split that is learned from."""

    name: str
    weight: Fraction
    split: str = "train"

    def __str__(self) -> str:
        split = "" if self.split == "train" else f"/{self.split}"
        return f"{self.name}{split}" + ("" if self.weight == 1 else f":{float(self.weight):g}")


def is_mixture(name: str) -> bool:
    """Whether the name is one of several tasks."""
    return "," in name


def parts_of(name: str) -> list[Part]:
    """The parts of "gsm8k:2,aqua/dev". Raises ValueError for what is none, and for a task that stands there twice."""
    parts = []
    for text in name.split(","):
        found = _PART.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"the mixture {name!r} has an empty part; give the names of tasks, gsm8k:2,strategyqa")
        weight = Fraction(found["weight"] or 1)
        if not 0 < weight <= LARGEST:
            raise ValueError(
                f"the weight of {found['name']} is {found['weight']}; give more than 0 and at most {LARGEST}"
            )
        parts.append(Part(found["name"], weight, found["split"] or "train"))
    names = [part.name for part in parts]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice is not None:
        raise ValueError(f"the mixture {name!r} names {twice} twice; give it a weight instead, {twice}:2")
    return parts


class MixedChecker(Checker):
    """Asks the checker of the problem's own task."""

    def __init__(self, sources: dict[str, Task]) -> None:
        self.sources = sources

    def check(self, problem: Problem, text: str) -> bool:
        """Raises ValueError for a problem that is of none of the mixture's tasks."""
        return self.sources[source_of(problem, self.sources)].checker.check(problem, text)

    def same_answer(self, problem: Problem, first: str, second: str) -> bool:
        """A question that a person asks is of no task: there answers are compared as text."""
        name = problem.key.partition(BETWEEN)[0]
        if name not in self.sources:
            return super().same_answer(problem, first, second)
        return same_answer(self.sources[name].checker, problem, first, second)


class Mixture(Task):
    """Problems of several tasks; `name` says which. The science questions come along only where `science` is named."""

    documents = {"solved": 1.0}  # noqa: RUF012 (pretraining on generated text reads the problems of train, solved)
    science = False

    def __init__(self, name: str, sources: dict[str, Task]) -> None:
        """sources: of each part its task, by its name."""
        self.name, self.parts, self.sources = name, parts_of(name), sources
        self.checker = MixedChecker(sources)
        self.tools = tuple(dict.fromkeys(tool for task in sources.values() for tool in task.tools))
        scale = lcm(*(part.weight.denominator for part in self.parts))
        self.round = turns([int(part.weight * scale) for part in self.parts])

    def taken_from(self, part: Part, split: str) -> str | None:
        """The split of a part's task that stands for a split of the mixture; None where that is learned from."""
        wanted = part.split if split == "train" else split
        return None if split != "train" and wanted == part.split else wanted

    def size(self, split: str) -> int | None:
        self.require_split(split)
        sizes = [self._size(part, split) for part in self.parts]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def _size(self, part: Part, split: str) -> int | None:
        own = self.taken_from(part, split)
        return 0 if own is None else self.sources[part.name].size(own)

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        split = self.require_split(split)
        size = self.size(split)
        if size is not None and n > size:
            raise ValueError(f"the split {split!r} of {self.name} holds {size} problems; {n} were asked for")
        left = [self._size(part, split) for part in self.parts]
        order: list[int] = []
        while len(order) < n:
            for number in self.round:
                rest = left[number]
                if rest != 0:
                    order.append(number)
                    left[number] = None if rest is None else rest - 1
        order = order[:n]
        drawn = [iter(self._drawn(part, split, order.count(i), seed)) for i, part in enumerate(self.parts)]
        return [next(drawn[number]) for number in order]

    def _drawn(self, part: Part, split: str, n: int, seed: int) -> list[Problem]:
        own = self.taken_from(part, split)
        return [] if own is None or not n else [marked(part, p) for p in self.sources[part.name].problems(own, n, seed)]

    def endless(self, split: str, seed: int = 0) -> Iterator[Problem]:
        found = [
            None if own is None or self._size(part, split) == 0 else self.sources[part.name].endless(own, seed)
            for part, own in ((part, self.taken_from(part, split)) for part in self.parts)
        ]
        if not any(found):
            raise ValueError(f"the split {split!r} of {self.name} is empty; there is nothing to go round in")
        while True:
            for number in self.round:
                source = found[number]
                if source is not None:
                    yield marked(self.parts[number], next(source))

    def batch(self, number: int, n: int, seed: int = 0) -> list[Problem]:
        """Problems number * n to (number + 1) * n of the turns; each task goes on where its last turn ended."""
        rounds, skipped = divmod(number * n, len(self.round))
        before = [rounds * self.round.count(i) + self.round[:skipped].count(i) for i in range(len(self.parts))]
        turn = [self.round[(skipped + k) % len(self.round)] for k in range(n)]
        drawn = [
            iter(self.sources[part.name].span(part.split, before[i], turn.count(i), seed))
            for i, part in enumerate(self.parts)
        ]
        return [marked(self.parts[i], next(drawn[i])) for i in turn]

    def prompt(self, problem: Problem, form: Form = "reasoning", **settings: object) -> str | Conversation:
        return self.sources[source_of(problem, self.sources)].prompt(problem, form, **settings)  # type: ignore[arg-type]


def turns(weights: Sequence[int]) -> list[int]:
    """A round in which place i stands weights[i] times, spread evenly: 3 and 1 give 0, 0, 1, 0."""
    taken = [0] * len(weights)
    order = []
    for _ in range(sum(weights)):
        ahead = [Fraction(2 * count + 1, 2 * weight) for count, weight in zip(taken, weights, strict=True)]
        number = ahead.index(min(ahead))
        taken[number] += 1
        order.append(number)
    return order


def marked(part: Part, problem: Problem) -> Problem:
    """The problem, with the name of its task in its key."""
    return replace(problem, key=f"{part.name}{BETWEEN}{problem.key}")


def source_of(problem: Problem, names: "dict[str, Task]") -> str:
    """The name of the task that a problem of a mixture is of. Raises ValueError where there is none."""
    name = problem.key.partition(BETWEEN)[0]
    if name not in names:
        raise ValueError(f"the problem {problem.key!r} is of none of the tasks {', '.join(names)}")
    return name


def whole_parts(name: str) -> str:
    """The mixture with the whole paths of its files, so that it is found wherever a program is started."""
    parts = [
        replace(part, name=str(Path(part.name).resolve())) if part.name.endswith(".jsonl") else part
        for part in parts_of(name)
    ]
    return ",".join(map(str, parts))
