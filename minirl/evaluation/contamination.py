"""Contamination: do the test problems occur in the training text? Counted in n-grams, which are n words in a row.

A test measures nothing if the model saw its problems in training. The usual check (Brown et al. 2020, GPT-3, appendix
C) looks up every n-gram of a test question in the training text, with n = 13 for published texts. For shorter questions
n is smaller: 95% of the questions have at least n words. GPT-3's n was chosen in this way too.

The training text is generated again from the run's configuration, as far as its checkpoints have got: the documents of
pretraining, the demonstrations, the questions of reinforcement learning. Only the problems' n-grams are in memory.

How to read the result: one n-gram in the training text does not mean that the problem is known, because problems made
from the same story share its sentences. If all n-grams were found, the problem may be known: look at the examples.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minirl.runs import Screen
from minirl.tasks import Problem

USUAL, LEAST = 13, 4  # words of an n-gram: for published texts, and for the shortest questions
SHORTEST = 0.05  # this share of the problems may be shorter than n words
EXAMPLES = 3  # shown of each set
WORD = re.compile(r"\w+")

Gram = tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """An n-gram of a test problem, and a training text that contains it."""

    question: str
    words: str
    source: str
    text: str


@dataclass
class Overlap:
    """Which n-grams of a set of problems occur in the training text."""

    label: str
    n: int
    grams: list[set[Gram]]
    """The n-grams of each problem."""
    found: dict[str, set[Gram]] = field(default_factory=dict)
    """The n-grams that were found, by the source of the training text."""
    first: dict[int, Example] = field(default_factory=dict)
    """The first n-gram found of a problem, by the problem's number."""

    @property
    def too_short(self) -> int:
        """How many problems have fewer than n words: they cannot be looked up."""
        return sum(not grams for grams in self.grams)

    @property
    def examples(self) -> list[Example]:
        """A few examples; problems with the largest share of n-grams found come first."""
        found = self.found_in(self.found)
        parts = {number: len(self.grams[number] & found) / len(self.grams[number]) for number in self.first}
        return [self.first[number] for number in sorted(parts, key=lambda number: -parts[number])[:EXAMPLES]]

    @property
    def all_grams(self) -> set[Gram]:
        """The n-grams of all problems, each once."""
        return set().union(*self.grams)

    def found_in(self, sources: Iterable[str]) -> set[Gram]:
        """The n-grams found in these sources."""
        return set().union(*(self.found[source] for source in sources))

    def share(self, sources: Iterable[str]) -> float:
        """The share of all n-grams that is in these sources; 0 where there are none."""
        return len(self.found_in(sources)) / max(len(self.all_grams), 1)

    def touched(self, sources: Iterable[str]) -> int:
        """How many problems have any n-gram in these sources."""
        found = self.found_in(sources)
        return sum(not grams.isdisjoint(found) for grams in self.grams)

    def covered(self, sources: Iterable[str]) -> int:
        """How many problems have all their n-grams in these sources."""
        found = self.found_in(sources)
        return sum(bool(grams) and grams <= found for grams in self.grams)

    def as_json(self) -> dict[str, Any]:
        """What was found as plain dicts, for --json."""
        about = {"split": self.label, "n": self.n, "problems": len(self.grams), "too_short": self.too_short}
        rows = {
            name: {"any": self.touched(of), "all": self.covered(of), "grams": self.share(of)}
            for name, of in self.rows().items()
        }
        return {**about, "found": rows, "examples": [vars(example) for example in self.examples]}

    def rows(self) -> dict[str, list[str]]:
        """The rows of the table: a name and its sources."""
        return {**{source: [source] for source in self.found}, "all of it": list(self.found)}


def find_overlaps(
    sets: Mapping[str, Sequence[Problem]], texts: Iterable[tuple[str, str]], n: int | None = None
) -> list[Overlap]:
    """Look up the problems of each set in texts, pairs (source, text) that are read once."""
    overlaps = []
    wanted: dict[int, dict[Gram, list[tuple[Overlap, int]]]] = {}  # n, n-gram, problems that have it
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
    """Words and numbers in lower case, without punctuation."""
    return WORD.findall(text.casefold())


def ngrams(split: Sequence[str], n: int) -> Iterator[Gram]:
    """All n-grams: every n words in a row."""
    return zip(*(split[start:] for start in range(n)), strict=False)


def usual_n(problems: Sequence[Problem]) -> int:
    """The n for these problems: 13, or fewer so that 95% of the questions have n words, but at least 4."""
    lengths = sorted(len(words(problem.question)) for problem in problems)
    return max(LEAST, min(USUAL, lengths[int(SHORTEST * len(lengths))]))


def show(overlaps: Sequence[Overlap], screen: Screen) -> None:
    """Print a table for each set of problems, and examples."""
    for one in overlaps:
        rows, n = [], len(one.grams)
        for name, of in one.rows().items():
            shares = [one.touched(of) / n, one.covered(of) / n, one.share(of)]
            rows.append([name, *(f"{100 * share:.1f}" for share in shares)])
        header = ["training text", f"any {one.n}-gram found", f"all {one.n}-grams found", f"of all {one.n}-grams"]
        screen.table(f"{one.label} (n={n}): problems found in the training text, in %", header, rows)
        if one.too_short:
            screen.say(f"Problems with fewer than {one.n} words, which cannot be looked up: {one.too_short}.")
    if any(one.first for one in overlaps):
        screen.say("\nExamples: the test questions with the largest share of n-grams found")
    for one in overlaps:
        for example in one.examples:
            screen.say(f"\n{one.label}: {example.question}\n  {one.n} words: {example.words}\n  in {example.source}: "
                       f"{textwrap.shorten(example.text, 300)}")  # fmt: skip
