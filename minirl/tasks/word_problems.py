"""Word problems such as "Roger has 5 tennis balls ...": the main task. 28 stories give an endless supply.

A problem is drawn in this order: a story, a wording, a thing that fits the story, numbers, people. Every number in the
problem and in its solution is a whole number from 1 to 50; small numbers are more likely. Numbers that break this rule
are drawn again, for the same story, so that the mix of stories does not change.

The split `train` differs in two ways. Its stories come in rounds, each story once a round. So a few hundred
demonstrations hold as many of one story as of any other, and none is left to chance. And its problems are told in many
ways: half of them in other words than the story's two wordings (rephrase.py), some with new pens in place of pens, or
with jars in place of bags (words.py).

The problem itself decides which split it belongs to, so two splits cannot share a problem:

    unseen            a tenth of all sets of numbers, in whatever order, and a tenth of all pairs of a person and a
                      thing are reserved for this split; they never occur in another one
    test, dev, train  all other problems: a tenth, a tenth and the rest, by a checksum of story and numbers

The running example, Roger's tennis balls, is in `test`. A single step such as 12 - 5 may occur both in `unseen` and in
other splits.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import ClassVar

from minirl.tasks.checker import NumberChecker
from minirl.tasks.rephrase import rephrase
from minirl.tasks.rewordings import frame, held_out_frames
from minirl.tasks.stories import STORIES, Story
from minirl.tasks.task import Problem, Task, bucket, split_of
from minirl.tasks.words import PEOPLE, THINGS, Person, Thing, plural, varied

LARGEST = 50  # numbers and results are 1 to LARGEST: short pretraining can teach to calculate with these
LEVELS = (1, 2, 3)
REPHRASED = 0.5  # of the training problems are told in other words than those of stories.py
ADJECTIVES_OF_THEIR_OWN = ("colors", "harvest")  # stories with red, big and other things


@dataclass(frozen=True)
class WordProblem(Problem):
    """A problem and the choices that made it; `numbers` are in the order of the story's own wordings."""

    story: str
    level: int
    people: tuple[str, ...]
    thing: str
    pack: str
    numbers: tuple[int, ...]
    other_words: str

    def retold(self) -> str:
        return self.other_words

    @property
    def counted(self) -> str:
        return self.thing

    def mentions(self) -> list[str]:
        """The people, and the numbers with their nouns: ["Roger", "5 tennis balls", "2 cans of 3"]."""
        thing = next(thing for thing in THINGS if f" {self.thing}".endswith(f" {thing.many}"))
        one = self.thing.removesuffix(thing.many) + thing.one
        packs = (plural(self.pack), self.pack) if self.pack else ()
        nouns = "|".join((self.thing, one, *packs, "dollars", "dollar"))
        found: list[str] = []
        for number, noun in re.findall(rf"(\d+)(?: more)?(?: ({nouns})\b)?", self.question):
            if found and found[-1].endswith(packs):
                found[-1] += f" of {number}"
            else:
                found.append(f"{number} {noun}".rstrip())
        return [*self.people, *found]


class WordProblems(Task):
    """Word problems of the chosen levels. The level of a problem is the number of steps of its solution, 1 to 3."""

    name = "word_problems"
    splits = ("train", "dev", "test", "unseen")
    renamed: ClassVar = {"hard": "unseen"}  # the split's old name, in old runs and old commands

    def __init__(self, levels: tuple[int, ...] = LEVELS) -> None:
        if not levels or not set(levels) <= set(LEVELS):
            raise ValueError(f"levels are {levels!r}; choose some of {LEVELS}, the number of steps of a solution")
        self.levels = tuple(levels)
        self.checker = NumberChecker()
        self._plots = [Plot(story) for story in STORIES if story.level in levels]

    def problems(self, split: str, n: int, seed: int = 0) -> list[Problem]:
        """`n` problems. Within one call for dev, test or unseen, all questions differ."""
        split = self.require_split(split)
        rng = random.Random(f"{'hard' if split == 'unseen' else split} {seed}")  # keeps the problems it always drew
        drawn: list[Problem] = []
        questions: set[str] = set()
        repeats = 0
        rounds = in_rounds(self._plots, rng)
        while len(drawn) < n:
            problem = (next(rounds) if split == "train" else rng.choice(self._plots)).draw(rng, split)
            if split != "train" and problem.question in questions:
                repeats += 1
                if repeats > 1000 + n:
                    raise ValueError(f"the split {split!r} of {self.name} with levels {self.levels} has few more than "
                                     f"{len(drawn)} different problems; {n} were asked for")  # fmt: skip
                continue
            questions.add(problem.question)
            drawn.append(problem)
        return drawn


def in_rounds(plots: Sequence["Plot"], rng: random.Random) -> Iterator["Plot"]:
    """Round after round of all plots, each round in another order."""
    while True:
        yield from rng.sample(plots, len(plots))


class Plot:
    """A story, prepared for drawing problems from it. largest: of the results of its steps."""

    def __init__(self, story: Story, largest: int = LARGEST) -> None:
        self.story, self.largest = story, largest
        self.things = [thing for thing in THINGS if thing.kind in story.kinds.split()]
        ranges = re.findall(r"([a-d]) (\d+)-(\d+)", story.numbers)
        self.ranges = [(letter, int(low), int(high)) for letter, low, high in ranges]
        self.steps = [tuple(step.replace("=", "").split()) for step in story.steps]

    def draw(self, rng: random.Random, split: str) -> WordProblem:
        """A random problem that belongs to `split`."""
        wording = rng.randrange(len(self.story.wordings))
        thing = rng.choice(self.things)
        values = self.draw_numbers(rng, split)
        people = rng.sample(_MEETINGS[thing, split == "unseen"], 2)
        if split == "train":
            thing = varied(thing, rng, adjectives=self.story.name not in ADJECTIVES_OF_THEIR_OWN)
        wordings = [self.story.wordings[wording], self.story.wordings[(wording + 1) % len(self.story.wordings)]]
        question, retold = (
            self.in_other_words(text, rng, values, people, thing)
            if split == "train" and rng.random() < REPHRASED
            else self.fill(text, values, people, thing)
            for text in wordings
        )
        return self.write(question, retold, thing, values, people)

    def in_other_words(
        self, wording: str, rng: random.Random, values: dict[str, int], people: list[Person], thing: Thing
    ) -> str:
        """A question in other words, but in none that the rewordings of the running example have: they show what a
        model makes of words that it has not read."""
        found = self.fill(rephrase(wording, rng), values, people, thing)
        return self.fill(wording, values, people, thing) if frame(found) in held_out_frames() else found

    def write(
        self, question: str, retold: str, thing: Thing, values: dict[str, int], people: list[Person]
    ) -> WordProblem:
        """The problem with these choices. `values` holds the results of the steps too."""
        story = self.story
        numbers = tuple(values[letter] for letter, _, _ in self.ranges)
        return WordProblem(
            question=question,
            reasoning=self.fill(story.trace, values, people, thing),
            answer=str(values["n"]),
            key=canonical(story.name, numbers),
            story=story.name,
            level=story.level,
            people=tuple(person.name for person in people[: 2 if "{other}" in story.wordings[0] else 1]),
            thing=thing.many,
            pack=thing.pack,
            numbers=numbers,
            other_words=retold,
        )

    def draw_numbers(self, rng: random.Random, split: str) -> dict[str, int]:
        """The numbers of the question and the result of each step, all within range, for a problem of `split`."""
        while True:
            values = {}
            for letter, low, high in self.ranges:
                if rng.random() < 0.5:  # every other number is from the lower half of its range
                    high = (low + high) // 2
                values[letter] = low + int(rng.random() * (high - low + 1))
            numbers = tuple(values.values())
            if self.solve(values) and number_split(self.story.name, numbers) == split:
                return values

    def solve(self, values: dict[str, int]) -> bool:
        """Add each step's result to `values`; return False if one is not a whole number from 1 to the largest."""
        for result, left, sign, right in self.steps:
            a, b = values[left], values[right]
            if sign == "/" and a % b:
                return False
            value = a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a // b
            if not 1 <= value <= self.largest:
                return False
            values[result] = value
        return True

    def fill(self, text: str, values: dict[str, int], people: list[Person], thing: Thing) -> str:
        """`text` with its holes filled."""
        person, other = people[0], people[-1]
        holes: dict[str, object] = {
            **values,
            "name": person.name, "he": person.he, "He": person.he.title(), "his": person.his, "him": person.him,
            "other": other.name,
            "thing": thing.one, "things": thing.many, "pack": thing.pack, "packs": plural(thing.pack),
        }  # fmt: skip
        for hole, letter, noun in counted(text):
            one, many = (thing.one, thing.many) if noun == "thing" else (str(holes.get(noun, noun)), "")
            count = values[letter]
            holes[hole] = f"{count} {one if count == 1 else many or plural(one)}"
        return text.format_map(holes)


@cache
def counted(text: str) -> list[tuple[str, str, str]]:
    """A text's holes of two words: ("a thing", "a", "thing") is a number and the noun to go with it."""
    holes = [hole for _, hole, _, _ in Formatter().parse(text) if hole and " " in hole]
    return [(hole, *hole.split(" ", 1)) for hole in dict.fromkeys(holes)]  # type: ignore[misc]


def canonical(story: str, numbers: tuple[int, ...]) -> str:
    """The canonical form of a problem: its story and its numbers. Wording, people and thing do not change it."""
    return " ".join([story, *map(str, numbers)])


def number_split(story: str, numbers: tuple[int, ...]) -> str:
    """The split of a story with these numbers. Only the numbers, in any order, decide whether it is `unseen`."""
    if bucket(str(sorted(numbers))) == 9:
        return "unseen"
    return split_of(canonical(story, numbers))


# The people who may meet a thing: in the split `unseen` a tenth of them, in a fixed pattern; in the others the rest.
_MEETINGS = {
    (thing, unseen): [person for i, person in enumerate(PEOPLE) if ((i + j) % 10 == 9) == unseen]
    for j, thing in enumerate(THINGS)
    for unseen in (False, True)
}


def running_example() -> WordProblem:
    """Our running example, which README, docs, tests and lessons use: Roger and his tennis balls."""
    plot = Plot(next(story for story in STORIES if story.name == "packs more"))
    thing = next(thing for thing in THINGS if thing.one == "tennis ball")
    values = {"a": 5, "b": 2, "c": 3}
    plot.solve(values)
    people = [PEOPLE[0]]
    question, retold = (plot.fill(text, values, people, thing) for text in plot.story.wordings)
    return plot.write(question, retold, thing, values, people)


ROGER = running_example()
