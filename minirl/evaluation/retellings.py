"""Does the training text tell our running example: its story with its own numbers, whoever it is about?

The n-grams of contamination.py cannot say this. Texts about other numbers share whole sentences with the question, and
a text about other people and things shares none. So both wordings of the story become patterns: their words and numbers
stay, and each name or thing is one word or two. A pattern may find a text that differs by a word; it misses none. The
thousands of wordings that rephrase.py makes of the two are looked up by their frame: the sentence without its names,
things and numbers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter
from typing import Any

from minirl.evaluation.contamination import Overlap, words
from minirl.tasks.rephrase import rephrasings
from minirl.tasks.rewordings import frame
from minirl.tasks.stories import STORIES
from minirl.tasks.word_problems import WordProblem

ANYTHING = r"\w+(?: \w+)?"
HOLE, LETTER = re.compile(r"\{[^}]*\}"), re.compile(r"\{([a-d])[ }]")
QUESTION = re.compile(r"(?:\w+: )?([^\n?]*\?)")  # one line, up to its question mark; "Q: " is not part of it


class Retellings:
    """Counts the texts that tell a problem's story with its numbers, in their order and in any wording that training
    may have for it."""

    def __init__(self, problem: WordProblem) -> None:
        story = next(story for story in STORIES if story.name == problem.story)
        letters = re.findall(r"[a-d](?= \d)", story.numbers)
        numbers = dict(zip(letters, problem.numbers, strict=True))
        self.problem = problem
        self.patterns = [pattern(wording, numbers) for wording in story.wordings]
        self.questions = {
            (frame(HOLE.sub("5", other)), tuple(str(numbers[letter]) for letter in LETTER.findall(other)))
            for wording in story.wordings
            for other in rephrasings(wording)
        }
        """(frame, numbers) of each wording."""
        self.texts: dict[str, int] = {}
        """How many texts were read, by their source."""
        self.found: dict[str, int] = {}
        """How many of them tell the story, by their source."""

    def watch(self, texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """The same pairs (source, text), counted on their way."""
        for source, text in texts:
            self.texts[source] = self.texts.get(source, 0) + 1
            self.found[source] = self.found.get(source, 0) + self.told_in(text)
            yield source, text

    def told_in(self, text: str) -> bool:
        """Whether a text tells the story with these numbers."""
        if not all(str(number) in text for number in self.problem.numbers):
            return False  # most texts end here
        row = " ".join(words(text))
        return any(pattern.search(row) for pattern in self.patterns) or any(
            (frame(question), tuple(re.findall(r"\d+", question))) in self.questions
            for question in QUESTION.findall(text)
        )

    def as_json(self) -> dict[str, Any]:
        """What was found as plain dicts, for --json."""
        return {"key": self.problem.key, "texts": self.texts, "found": self.found}

    def summary(self, own: Overlap) -> str:
        """What was found, in words. own: the n-grams of the problem's question alone."""
        *most, last = map(str, self.problem.numbers)
        told, texts = sum(self.found.values()), sum(self.texts.values())
        found, grams = len(own.found_in(own.found)), len(own.all_grams)
        rest = ", not all" if found < grams else ""
        return (
            f"{told} of {texts:,} training texts tell its story, {self.problem.story!r}, with its numbers "
            f"{', '.join(most)} and {last}. Its question has {grams} {own.n}-grams; {found} of them occur in the "
            f"training text ({100 * own.share(own.found):.1f}%){rest}."
        )


def pattern(wording: str, numbers: Mapping[str, int]) -> re.Pattern[str]:
    """What finds a wording of a story with these numbers in a text of small words without punctuation."""
    parts: list[str] = []
    for literal, hole, _, _ in Formatter().parse(wording):
        parts += map(re.escape, words(literal))
        first, *noun = (hole or "").split() or [""]
        if first in numbers:
            parts += [str(numbers[first]), *(ANYTHING for _ in noun)]
        elif hole:
            parts.append(ANYTHING)
    while parts[0] == ANYTHING:  # a pattern that begins with a known word is found fast
        del parts[0]
    return re.compile(rf"\b{' '.join(parts)}\b")
