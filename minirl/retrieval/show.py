"""Hits and measures for a terminal, and for other programs."""

import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from minirl.console import printable
from minirl.retrieval.collections import Collection
from minirl.retrieval.index import Hit
from minirl.retrieval.words import Words, split

LINES = 5  # of a passage, where it is not asked for whole
WIDEST = 100  # columns of a passage; longer lines are hard to read


def hits_text(hits: Sequence[Hit], query: str, words: Words, lines: int | None = LINES) -> Text:
    """Hits to read: rank, score and source on one line, the passage below it. The query's words are bold."""
    wanted = set(words(query))
    width = min(shutil.get_terminal_size().columns, WIDEST)
    text = Text()
    for rank, hit in enumerate(hits, start=1):
        text.append(f"{rank}  {hit.score:.2f}  {printable(hit.source)}\n", "cyan")
        wrapped = wrap(printable(hit.text), width - 3)
        shown = wrapped if lines is None else wrapped[:lines]
        for line in shown:
            text.append("   ")
            for piece in re.split(r"(\s+)", line):
                known = any(words.term(word) in wanted for word in split(piece))
                text.append(piece, "bold" if known else "")
            text.append("\n")
        if len(shown) < len(wrapped):
            text.append("   ...\n", "dim")
    text.rstrip()
    return text


def wrap(text: str, width: int) -> list[str]:
    """The words of a text in lines of at most `width` characters; a longer word is cut."""
    return textwrap.wrap(" ".join(text.split()), max(width, 10), break_on_hyphens=False)


def hits_json(hits: Sequence[Hit], query: str, unknown: Sequence[str]) -> dict[str, Any]:
    """Hits for programs."""
    found = [{"rank": rank, "score": hit.score, "source": hit.source, "text": hit.text}
             for rank, hit in enumerate(hits, start=1)]  # fmt: skip
    return {"query": query, "unknown": list(unknown), "hits": found}


def measures_text(collection: Collection, measures: Mapping[str, float]) -> str:
    """The measures in two lines under a line about the collection."""
    about = f"{collection.name}: {len(collection.queries):,} queries, {len(collection.texts):,} texts"
    widths = [max(len(name), 5) for name in measures]
    names = "  ".join(f"{name:>{width}}" for name, width in zip(measures, widths, strict=True))
    values = "  ".join(f"{value:>{width}.3f}" for value, width in zip(measures.values(), widths, strict=True))
    return "\n".join([about, names, values])


def comparison_text(held: Collection, table: Mapping[str, Mapping[str, float]]) -> str:
    """The measures of several searches, a line each. At most five columns, so that the lines fit 80 characters."""
    names = list(next(iter(table.values())))[:5]
    width = max(map(len, table))
    lines = [f"{held.name}: {len(held.queries):,} held-out questions, {len(held.texts):,} texts"]
    lines.append(" " * width + "".join(f"  {name:>7}" for name in names))
    lines += [f"{search:<{width}}" + "".join(f"  {measures[name]:7.3f}" for name in names)
              for search, measures in table.items()]  # fmt: skip
    return "\n".join(lines)
