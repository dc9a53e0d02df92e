"""What a task is: problems in splits that share no problem, and a checker that decides whether an answer is correct.

A problem is written as text. The model reads the first line and `Reasoning:`, and writes the rest, token by token:

    Q: Roger has 5 tennis balls. ... How many tennis balls does he have now?
    Reasoning: Roger has 5 tennis balls. 2 cans of 3 is 2 * 3 = 6. 5 + 6 = 11.
    Answer: 11<|end|>

The reasoning begins with the subject of the question. In this demonstration, the first action a_0 after the prompt s_0
is therefore " Roger".
"""

import copy
import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import ClassVar, Protocol

from minirl.streams import stream_seed
from minirl.tasks.prompt import Conversation, Form, as_messages, in_form
from minirl.tokenizer.special import END

LONGEST_LINE = 100  # characters of an answer
SALT = 870  # chosen so that every split gets its share of each story of word_problems.py, and Roger's is in test


@dataclass(frozen=True)
class Problem:
    """A question, a model solution and the correct answer.

    `key` is the problem's canonical form: two problems with the same key are one problem in different words. The key of
    a word problem is its story and its numbers. No key occurs in two splits of a task.
    """

    question: str
    reasoning: str
    answer: str
    key: str

    @property
    def prompt(self) -> str:
        """The text that the model reads first: the state s_0."""
        return f"Q: {self.question}\nReasoning:"

    def retold(self) -> str:
        """The question in other words if the task has any, otherwise in the same words."""
        return self.question

    def mentions(self) -> list[str]:
        """What a solution may take from the question, in its order: the numbers, and what else the task knows of."""
        return re.findall(r"\d+", self.question)

    @property
    def counted(self) -> str:
        """What the numbers count, such as "tennis balls"; empty where the task does not know."""
        return ""

    @property
    def completion(self) -> str:
        """The model solution as the text that should follow the prompt; its last token is `<|end|>`."""
        return f" {self.reasoning}\nAnswer: {self.answer}{END}"

    @property
    def worked(self) -> str:
        """The model solution as a worked example shows it, "5 + 6 = 11.\nAnswer: 11"; without reasoning, the answer's
        line alone."""
        return self.completion.removesuffix(END).strip()

    @property
    def solution(self) -> list[tuple[str, float]]:
        """The completion as pieces of a training document (data/document.py): texts and marks, each with its weight in
        the loss."""
        return [(self.completion.removesuffix(END), 1.0), (END, 1.0)]


class Checker(Protocol):
    """Decides the reward: 1 if `check` is true, 0 if it is false.

    A checker of your own needs `check` alone. If it is derived from this class, it has a `same_answer` too.
    """

    def check(self, problem: Problem, text: str) -> bool:
        """Whether `text`, which a model wrote after `problem.prompt`, gives the correct answer."""
        ...

    def same_answer(self, problem: Problem, first: str, second: str) -> bool:
        """Whether two texts that models wrote give the same answer, right or wrong. An empty answer is none, and not
        the same as itself. Texts that write their answer in the same words are not compared: they vote together.

        Unless a checker knows better, two answers are the same if they differ only in capitals, spaces or the final
        full stop. Texts without a line `Answer:` are compared as a whole.
        """
        one, other = (plain(text if (answer := answer_text(text)) is None else answer) for text in (first, second))
        return one == other != ""


def same_answer(checker: Checker, problem: Problem, first: str, second: str) -> bool:
    """`checker.same_answer`; for a checker that has only `check` it is the one of `Checker`."""
    own = getattr(checker, "same_answer", None)
    return bool(own(problem, first, second) if own else Checker.same_answer(checker, problem, first, second))


def answer_text(text: str) -> str | None:
    """What stands after `Answer:` in the last line that begins so, without surrounding space; None if there is none.

    Nothing after the first `<|end|>` counts, and an answer of more than 100 characters is none.
    """
    if not isinstance(text, str):
        raise TypeError(f"answer_text: expected generated text as a str, got a {type(text).__name__}")
    end = text.find(END)
    text = text if end < 0 else text[:end]
    start = text.rfind("\nAnswer:")
    if start >= 0:
        start += len("\nAnswer:")
    elif text.startswith("Answer:"):
        start = len("Answer:")
    else:
        return None
    stop = text.find("\n", start)
    line = text[start : len(text) if stop < 0 else stop]
    return line.strip() if len(line) <= LONGEST_LINE else None


def plain(answer: str) -> str:
    """The answer in small letters, with single spaces and without a final full stop."""
    return " ".join(answer.casefold().split()).removesuffix(".")


def same_reading(read: Callable[[str], Sequence[object]], first: str, second: str) -> bool:
    """Whether the answers of two texts can be read as the same.

    read: gives all that an answer may stand for. Answers that stand for nothing are the same if they are the same text.
    """
    one, other = answer_text(first), answer_text(second)
    if not one or not other:
        return False
    readings, others = read(one), read(other)
    if readings or others:
        return any(reading in others for reading in readings)
    return plain(one) == plain(other) != ""


class Task(ABC):
    """A source of problems. `splits` names its splits; `checker` judges answers to all of them.

    `renamed` maps old names of splits to present ones.

    `documents` says what pretraining reads about the task: the kinds of documents (see corpus.py) and their shares.
    None means the default mix of corpus.py.

    `tools` names the tools of its environment (minirl/tools): what a model may call while it answers. A run may choose
    others (`with_tools`), and a task may write its solutions with calls of the tools that it has.

    `science` says whether a run on this task learns the science questions too, and is asked them in its final table.
    """

    name: str
    splits: tuple[str, ...] = ("train", "dev", "test")
    renamed: ClassVar[Mapping[str, str]] = {}
    checker: Checker
    documents: Mapping[str, float] | None = None
    tools: tuple[str, ...] = ()
    science: bool = True

    def with_tools(self, names: Sequence[str]) -> "Task":
        """The same task with other tools in its environment."""
        changed = copy.copy(self)
        changed.tools = tuple(names)
        return changed

    def without_science(self) -> "Task":
        """The same task, for a run that does not learn the science questions."""
        changed = copy.copy(self)
        changed.science = False
        return changed

    @abstractmethod
    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems of a split. The same arguments give the same problems; a smaller `n` gives the first of them.

        Raises ValueError for an unknown split, and for a split with fewer than `n` problems.
        """

    def prompt(
        self,
        problem: Problem,
        form: Form = "reasoning",
        *,
        facts: Sequence[str] = (),
        tools: Sequence[str] = (),
        shots: Sequence[Problem] = (),
    ) -> str | Conversation:
        """The problem as the model reads it, in one of the forms of prompt.py; the usual one is `problem.prompt`. The
        form chat is a list of messages, every other one a text. shots: solved problems that stand before it, in the
        forms few_shot and chat; `self.shots` has some.

        Raises what `prompt.in_form` raises."""
        if form == "chat":
            return as_messages(problem.question, shots=[(shot.question, shot.worked) for shot in shots])
        if form == "reasoning" and not shots:
            return problem.prompt
        solved = [f"{shot.prompt}{shot.completion.removesuffix(END)}" for shot in shots]
        return in_form(problem.prompt, form, facts=facts, tools=tools, shots=solved)

    def shots(self, n: int) -> list[Problem]:
        """`n` problems of the split train to show as worked examples: always the same ones."""
        return self.problems("train", n, stream_seed(0, "shots")) if n else []

    def practice(self, problems: Iterator[Problem], rng: Random) -> list[tuple[str, float]]:
        """A document that practises what this task's solutions are made of, as pieces (text, weight). problems: those
        it may be about. Raises NotImplementedError where the task has no such documents."""
        raise NotImplementedError(f"task {self.name} has no documents of the kind practice; leave it out of documents")

    def size(self, split: str) -> int | None:
        """How many problems a split holds; None if the task makes new problems on request, without end."""
        self.require_split(split)
        return None

    def endless(self, split: str, seed: int = 0) -> Iterator[Problem]:
        """Problems of a split, without end."""
        for number in count():
            yield from self.problems(split, 256, seed + number)

    def batch(self, number: int, n: int, seed: int = 0) -> list[Problem]:
        """The `n` problems of train for update `number` (0, 1, ...) of reinforcement learning."""
        return self.problems("train", n, stream_seed(seed, "rl problems", number))

    def span(self, split: str, first: int, n: int, seed: int = 0) -> list[Problem]:
        """Problems `first` to `first + n` of an endless row, which a mixture takes its turns from."""
        return [self.problems(split, 1, stream_seed(seed, "rl problems", first + k))[0] for k in range(n)]

    def require_split(self, split: str) -> str:
        """The split's present name. Raises ValueError for an unknown split."""
        split = self.renamed.get(split, split)
        if split not in self.splits:
            raise ValueError(f"task {self.name!r} has no split {split!r}; its splits are {', '.join(self.splits)}")
        return split


def bucket(key: str, buckets: int = 10) -> int:
    """A number from 0 to `buckets` - 1 that depends only on the text `key`, on every machine and in every Python.

    Each bucket belongs to one split, so no key can be in two splits.
    """
    return zlib.crc32(f"{SALT} {key}".encode()) % buckets


def split_of(key: str) -> str:
    """The split that a key belongs to: dev and test get a tenth of all keys each, train the rest."""
    return {0: "test", 1: "dev"}.get(bucket(key), "train")
