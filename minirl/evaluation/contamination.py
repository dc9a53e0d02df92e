"""Were the test problems in what the model was trained on? Overlap in n words in a row.

A test says nothing about problems that were seen in training. The usual check (Brown et al. 2020, GPT-3, appendix C)
looks for n words in a row of a test problem that also stand in the training text: 13 for published texts. Where
questions are short n is smaller, the length of all but the shortest twentieth of them, as GPT-3's was.

What a run was trained on is made anew from its configuration, as far as its checkpoints have got: documents of
pretraining, demonstrations, questions of reinforcement learning. It streams by; only the problems' n-grams are held in
memory, in one hash table.

How to read the result. A problem with one n-gram in the training text need not be known: problems made from the same
story share its sentences. A problem of which every n-gram was found may be; look at the examples.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minirl.runs import Screen
from minirl.tasks import Problem

USUAL, LEAST = 13, 4  # words of an n-gram: for published texts, and for the shortest questions
SHORTEST = 0.05  # the share of problems that may be too short to hold an n-gram
EXAMPLES = 3  # shown of each set
WORD = re.compile(r"\w+")

Gram = tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """An n-gram of a test problem, and a training text that it stands in."""

    question: str
    words: str
    source: str
    text: str


@dataclass
class Overlap:
    """What was found of one set of problems."""

    label: str
    n: int
    grams: list[set[Gram]]
    """Those of each problem."""
    found: dict[str, set[Gram]] = field(default_factory=dict)
    """Those that stand in the training text, by its source."""
    first: dict[int, Example] = field(default_factory=dict)
    """For each problem of which something was found the first that was."""

    @property
    def too_short(self) -> int:
        """Problems of fewer than n words, about which this says nothing."""
        return sum(not grams for grams in self.grams)

    @property
    def examples(self) -> list[Example]:
        """A few, of the problems first of which the largest part was found."""
        found = self.found_in(self.found)
        parts = {number: len(self.grams[number] & found) / len(self.grams[number]) for number in self.first}
        return [self.first[number] for number in sorted(parts, key=lambda number: -parts[number])[:EXAMPLES]]

    def found_in(self, sources: Iterable[str]) -> set[Gram]:
        """The n-grams that stand in these sources."""
        return set().union(*(self.found[source] for source in sources))

    def touched(self, sources: Iterable[str]) -> int:
        """Problems with an n-gram in these sources."""
        found = self.found_in(sources)
        return sum(not grams.isdisjoint(found) for grams in self.grams)

    def covered(self, sources: Iterable[str]) -> int:
        """Problems with every n-gram in these sources."""
        found = self.found_in(sources)
        return sum(bool(grams) and grams <= found for grams in self.grams)

    def as_json(self) -> dict[str, Any]:
        about = {"split": self.label, "n": self.n, "problems": len(self.grams), "too_short": self.too_short}
        rows = {name: {"any": self.touched(of), "all": self.covered(of)} for name, of in self.rows().items()}
        return {**about, "found": rows, "examples": [vars(example) for example in self.examples]}

    def rows(self) -> dict[str, list[str]]:
        """Names of the table's rows, and the sources of each."""
        return {**{source: [source] for source in self.found}, "all of it": list(self.found)}


def find_overlaps(
    sets: Mapping[str, Sequence[Problem]], texts: Iterable[tuple[str, str]], n: int | None = None
) -> list[Overlap]:
    """Look for the problems of each set in texts (source, text), which are read once."""
    overlaps = []
    wanted: dict[int, dict[Gram, list[tuple[Overlap, int]]]] = {}  # for each n where each n-gram is to be found
    for label, problems in sets.items():
        chosen = n or usual_n(problems)
        overlap = Overlap(label, chosen, [set(ngrams(words(problem.question), chosen)) for problem in problems])
        overlaps.append(overlap)
        for number, grams in enumerate(overlap.grams):
            for gram in grams:
                wanted.setdefault(chosen, {}).setdefault(gram, []).append((overlap, number))
    for source, text in texts:
        split = words(text)
        for overlap in overlaps:
            overlap.found.setdefault(source, set())
        for length, places in wanted.items():
            for gram in ngrams(split, length):
                for overlap, number in places.get(gram, ()):
                    overlap.found[source].add(gram)
                    if number not in overlap.first:
                        question = sets[overlap.label][number].question
                        overlap.first[number] = Example(question, " ".join(gram), source, text)
    return overlaps


def words(text: str) -> list[str]:
    """Words and numbers, without capital letters and punctuation."""
    return WORD.findall(text.casefold())


def ngrams(split: Sequence[str], n: int) -> Iterator[Gram]:
    """Every n words in a row."""
    return zip(*(split[start:] for start in range(n)), strict=False)


def usual_n(problems: Sequence[Problem]) -> int:
    """13, or as many words as all but the shortest twentieth of the questions have, and at least 4."""
    lengths = sorted(len(words(problem.question)) for problem in problems)
    return max(LEAST, min(USUAL, lengths[int(SHORTEST * len(lengths))]))


def show(overlaps: Sequence[Overlap], screen: Screen) -> None:
    """Print the table, and examples."""
    rows = []
    for one in overlaps:
        n = len(one.grams)
        for name, of in one.rows().items():
            shares = [f"{100 * count / n:.1f}" for count in (one.touched(of), one.covered(of))]
            rows.append([f"{one.label} (n={n})", name, str(one.n), *shares, str(one.too_short)])
    header = ["problems", "in the training text of", "words", "some words in a row", "all of them", "too short"]
    screen.table("Share of problems found in the training text, %", header, rows)
    for one in overlaps:
        for example in one.examples:
            screen.say(f"\n{one.label}: {example.question}\n  {one.n} words: {example.words}\n  in {example.source}: "
                       f"{textwrap.shorten(example.text, 300)}")  # fmt: skip
