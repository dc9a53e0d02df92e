"""What a report consists of, whatever it is written as: sections of paragraphs, lists, tables, plots and answers.

report.py says what is in the report. markdown.py and page.py turn the same content into report.md and report.html. Here
a str is text and nothing else: each renderer escapes it, so that no sign of a model's answer becomes markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


class Strong(str):
    """Words that matter."""


class Code(str):
    """A name or a command, as it is typed."""


class Interval(str):
    """The interval of a number beside it: [91.4, 95.6]."""


Line: TypeAlias = tuple[str, ...]
"""Text in a row: plain str, and the kinds above."""


@dataclass(frozen=True)
class Paragraph:
    """Sentences."""

    words: Line


@dataclass(frozen=True)
class Items:
    """A list."""

    items: Sequence[Line]


@dataclass(frozen=True)
class Table:
    """A table of numbers. The first column, and the second where rows are grouped, name the rows."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Line]]
    grouped: bool = False
    """Whether rows with the same first cell follow each other and belong together."""


@dataclass(frozen=True)
class Plot:
    """An image."""

    file: str
    """Where it lies, from the report's folder: plots/reward.png."""
    png: bytes
    alt: str
    """What it shows, for those who do not see it."""


@dataclass(frozen=True)
class Verbatim:
    """A text with its own lines, such as an episode."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Reply:
    """What a model answered, and whether that is right."""

    label: str
    """What sets it apart from the replies beside it: a question or a stage."""
    text: str
    right: bool
    finished: bool = True
    """Whether it ended by itself. Otherwise it was cut off, and is not right."""

    @property
    def verdict(self) -> str:
        """A sign and a word."""
        return "✓ right" if self.right else "✗ wrong" if self.finished else "✗ cut off"


@dataclass(frozen=True)
class Beside:
    """Replies to one question, side by side."""

    replies: Sequence[Reply]


@dataclass(frozen=True)
class Listed:
    """Replies to several questions, below each other."""

    asked: str
    """What the labels are: question."""
    said: str
    """What the texts are: answer after RL."""
    replies: Sequence[Reply]


@dataclass(frozen=True)
class Columns:
    """Parts that stand side by side where the window is wide."""

    columns: Sequence[Sequence["Block"]]


@dataclass(frozen=True)
class Section:
    """A heading and what belongs to it. A section within a section has a smaller heading."""

    title: str
    blocks: Sequence["Block"]


Block: TypeAlias = Paragraph | Items | Table | Plot | Verbatim | Beside | Listed | Columns | Section


def paragraph(*words: str) -> Paragraph:
    """A paragraph of these words."""
    return Paragraph(words)


def row(*cells: str) -> list[Line]:
    """A row of a table, from one text a cell."""
    return [(cell,) for cell in cells]
