"""What a task is: problems in splits that share none, and a checker that decides whether an answer is right.

A problem is written as text in the form of the notes; the model is given the first two lines up to `Reasoning:` and
writes the rest, token by token:

    Q: Roger has 5 tennis balls. ... How many tennis balls does he have now?
    Reasoning: Roger has 5 tennis balls. 2 cans of 3 is 2 * 3 = 6. 5 + 6 = 11.
    Answer: 11<|end|>

The reasoning opens with the subject of the question, so the first action a_0 after the prompt s_0 is " Roger".
"""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import ClassVar, Protocol

from minirl.streams import stream_seed

END = "<|end|>"  # the special token that ends a completion
SALT = 870  # gives every split its share of each story of word_problems.py, and the notes' problem to test


@dataclass(frozen=True)
class Problem:
    """A question, a model solution and the right answer.

    `key` is the canonical form: two problems with the same key are the same problem told with other words (for a word
    problem the story and its numbers). No key occurs in two splits of a task.
    """

    question: str
    reasoning: str
    answer: str
    key: str

    @property
    def prompt(self) -> str:
        """The text the model is given, s_0."""
        return f"Q: {self.question}\nReasoning:"

    def retold(self) -> str:
        """The question in other words, where its task has some; else in the same words."""
        return self.question

    @property
    def completion(self) -> str:
        """The model solution as the text that should follow the prompt; its last token is `<|end|>`."""
        return f" {self.reasoning}\nAnswer: {self.answer}{END}"


class Checker(Protocol):
    """Decides the reward: 1 where `check` is true, 0 where it is false."""

    def check(self, problem: Problem, text: str) -> bool:
        """Whether `text`, what a model wrote after `problem.prompt`, gives the right answer."""
        ...


class Task(ABC):
    """A source of problems. `splits` names its splits; `checker` judges answers to all of them.

    `renamed` maps former names of splits to those of today.

    `documents` says what pretraining reads about the task: kinds of document, as in corpus.py, and their shares. None
    are the kinds that corpus.py writes about problems that are made up.
    """

    name: str
    splits: tuple[str, ...] = ("train", "dev", "test")
    renamed: ClassVar[Mapping[str, str]] = {}
    checker: Checker
    documents: Mapping[str, float] | None = None

    @abstractmethod
    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems of a split. The same arguments give the same problems, and fewer give the first of them.

        Raises ValueError for an unknown split, and where the split does not hold `n` problems.
        """

    def size(self, split: str) -> int | None:
        """How many problems a split holds; None where they are made up as they are asked for."""
        self.require_split(split)
        return None

    def endless(self, split: str, seed: int = 0) -> Iterator[Problem]:
        """Problems of a split, for ever."""
        for number in count():
            yield from self.problems(split, 256, seed + number)

    def batch(self, number: int, n: int, seed: int = 0) -> list[Problem]:
        """The `n` problems of train for update `number` (0, 1, ...) of reinforcement learning."""
        return self.problems("train", n, stream_seed(seed, "rl problems", number))

    def require_split(self, split: str) -> str:
        """The split's name of today. Raises ValueError for an unknown one."""
        split = self.renamed.get(split, split)
        if split not in self.splits:
            raise ValueError(f"task {self.name!r} has no split {split!r}; its splits are {', '.join(self.splits)}")
        return split


def bucket(key: str, buckets: int = 10) -> int:
    """A number below `buckets` that depends on the text `key` alone, on every machine and in every Python.

    Splits are made from it: each bucket belongs to one split, so a key cannot be in two, whatever is drawn.
    """
    return zlib.crc32(f"{SALT} {key}".encode()) % buckets


def split_of(key: str) -> str:
    """The split that owns a canonical form: a tenth each for dev and test, the rest for train."""
    return {0: "test", 1: "dev"}.get(bucket(key), "train")
