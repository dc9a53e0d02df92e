"""A report as Markdown."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minirl.console import printable
from minirl.evaluation.content import (
    Beside,
    Block,
    Code,
    Columns,
    Interval,
    Items,
    Line,
    Listed,
    Paragraph,
    Plot,
    Reply,
    Section,
    Strong,
    Table,
    Verbatim,
)


def render(report: Section) -> str:
    """The file's text."""
    return section(report, 1) + "\n"


def section(part: Section, level: int) -> str:
    """A heading and what belongs to it."""
    return "\n\n".join([f"{'#' * level} {escaped(part.title)}", *(block(one, level) for one in part.blocks)])


def block(part: Block, level: int) -> str:
    """Any part of a report; level: of the heading above it."""
    if isinstance(part, Section):
        return section(part, level + 1)
    if isinstance(part, Columns):
        return "\n\n".join(block(one, level) for column in part.columns for one in column)
    return WRITERS[type(part)](part)


def items(part: Items) -> str:
    """A list."""
    return "\n".join(f"- {line(item)}" for item in part.items)


def plot(part: Plot) -> str:
    """An image in a file of its own."""
    return f"![{escaped(part.alt)}]({part.file})"


def table(part: Table) -> str:
    """A table of numbers."""
    return markdown_table(part.header, [[line(cell) for cell in cells] for cells in part.rows])


def verbatim(part: Verbatim) -> str:
    """A block of text, as it is, whatever the text holds."""
    fence = "```"
    while fence in part.text:
        fence += "`"
    return f"{fence}{part.language}\n{printable(part.text)}\n{fence}"


def beside(part: Beside) -> str:
    """A table with a column a reply."""
    header = [f"{escaped(reply.label)}: {reply.verdict}" for reply in part.replies]
    return markdown_table(header, [[said(reply) for reply in part.replies]], numbers=False)


def listed(part: Listed) -> str:
    """A table with a row a reply."""
    rows = [[escaped(reply.label), said(reply), reply.verdict] for reply in part.replies]
    return markdown_table([part.asked, part.said, ""], rows, numbers=False)


def said(reply: Reply) -> str:
    """A reply in a cell of a table."""
    return "<br>".join(map(escaped, reply.text.splitlines())) or "(nothing)"


def line(words: Line) -> str:
    """Text in a row."""
    return "".join(map(word, words))


def word(text: str) -> str:
    """A piece of text, of its kind."""
    if isinstance(text, Code):
        ticks = "`"
        while ticks in text:
            ticks += "`"
        edge = " " * (text.startswith("`") or text.endswith("`"))
        return f"{ticks}{edge}{' '.join(printable(text).split())}{edge}{ticks}"
    if isinstance(text, Interval):
        return f" {text}"
    if isinstance(text, Strong):
        return f"**{escaped(text)}**"
    return " " * text.startswith(" ") + escaped(text) + " " * text.endswith(" ")


def escaped(text: str) -> str:
    """A text for a line of Markdown: no sign of it is read as Markdown or HTML, and it stays on its line."""
    return re.sub(r"[\\`*_\[\]<>&#|$~]", r"\\\g<0>", " ".join(printable(text).split()))


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers: bool = True) -> str:
    """A table of cells that are Markdown: the first column on the left, numbers on the right."""
    align = ["---"] + ["---:" if numbers else "---"] * (len(header) - 1)
    lines = [[re.sub(r"(?<!\\)\|", r"\\|", cell).replace("\n", " ") for cell in one] for one in (header, align, *rows)]
    return "\n".join("| " + " | ".join(one) + " |" for one in lines)


def fill(page: str, tables: Mapping[str, str]) -> str:
    """The page with these tables at their marked places; a table without a place goes to the end.

    <!-- table: kl -->
    ...                     this is replaced
    <!-- end of table -->
    """
    for name, table in tables.items():
        place = f"<!-- table: {name} -->\n{table}\n<!-- end of table -->"
        pattern = re.compile(rf"<!-- table: {re.escape(name)} -->\n.*?<!-- end of table -->", re.DOTALL)
        page, found = pattern.subn(lambda _, place=place: place, page)  # type: ignore[misc]
        if not found:
            page = f"{page.rstrip()}\n\n{place}\n".lstrip()
    return page


WRITERS: Mapping[type, Callable[[Any], str]] = {
    Paragraph: lambda part: line(part.words), Items: items, Table: table, Plot: plot, Verbatim: verbatim,
    Beside: beside, Listed: listed,
}  # fmt: skip
