"""Passages: the pieces of a document that an index finds, a paragraph or so each.

A whole book is no answer to a question, and a single sentence often lacks its subject. So a text is cut at its empty
lines. A paragraph with more words than the bound is cut again, between sentences, and a sentence that is longer still
between words. A heading in Markdown (# Sound) says what the paragraph after it is about, and goes with it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MOST_WORDS = 200
BUFFER = 1 << 20  # characters; text that goes on for so long without an empty line is cut there

HEADING = re.compile(r"#{1,6}\s")
SENTENCE = re.compile(r"\S.*?(?:[.!?][\"'”’)\]]*(?=\s)|(?=\s*\Z))", re.DOTALL)
WORD = re.compile(r"\S+")


class Passage(NamedTuple):
    """A piece of a document, as it stands there, and the number of its first line (from 1)."""

    text: str
    line: int


def split_text(lines: Iterable[str], most_words: int = MOST_WORDS) -> Iterator[Passage]:
    """The passages of a text that is given line by line; none has more than `most_words` words.

    Raises ValueError for a bound below 1.
    """
    if most_words < 1:
        raise ValueError(f"passages of at most {most_words} words: give 1 or more")
    held: list[str] = []
    first = size = 0
    for number, line in enumerate(lines, start=1):
        ends = not line.strip()
        if (ends and not all(not text.strip() or HEADING.match(text) for text in held)) or size > BUFFER:
            yield from _pieces("".join(held), first, most_words)
            held, size = [], 0
        if not ends or held:  # between a heading and its paragraph empty lines are kept
            first = first if held else number
            held.append(line)
            size += len(line)
    yield from _pieces("".join(held), first, most_words)


def _pieces(text: str, line: int, most_words: int) -> Iterator[Passage]:
    """A paragraph, in as few pieces as the bound allows when sentences are taken in their order."""
    if 0 < len(text.split()) <= most_words:
        yield Passage(text.strip(), line)
        return
    start = end = words = 0
    for part_start, part_end, n in _parts(text, most_words):
        if words + n > most_words:
            yield Passage(text[start:end], line + text.count("\n", 0, start))
            words = 0
        start = part_start if not words else start
        end, words = part_end, words + n
    if words:
        yield Passage(text[start:end], line + text.count("\n", 0, start))


def _parts(text: str, most_words: int) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of words of each sentence; of each run of `most_words` words in one that has more."""
    for sentence in SENTENCE.finditer(text):
        words = [match.span() for match in WORD.finditer(text, *sentence.span())]
        for first in range(0, len(words), most_words):
            run = words[first : first + most_words]
            yield run[0][0], run[-1][1], len(run)
