"""A report as one HTML file that holds all it needs and asks no network for anything.

page.html is the page, with places such as {{body}} to be filled in. Everything that a model, a question or the name of
a folder says is escaped, and the page allows no script.
"""

import re
import struct
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from itertools import groupby
from typing import Any

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
from minirl.microscope.page import escape


def render(report: Section) -> str:
    """The page's text."""
    parts = {"title": escape(f"{report.title} | minirl"), "body": section(report, 1)}
    template = (resources.files("minirl.evaluation") / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)


def section(part: Section, level: int) -> str:
    """A heading and what belongs to it."""
    body = "\n".join(block(one, level) for one in part.blocks)
    inner = f"<h{level}>{escape(part.title)}</h{level}>\n{body}"
    return inner if level == 1 else f"<section>\n{inner}\n</section>"


def block(part: Block, level: int) -> str:
    """Any part of a report; level: of the heading above it."""
    if isinstance(part, Section):
        return section(part, level + 1)
    if isinstance(part, Columns):
        columns = ("\n".join(block(one, level) for one in column) for column in part.columns)
        return "".join(["<div class=columns>", *(f"<div>{column}</div>" for column in columns), "</div>"])
    return WRITERS[type(part)](part)


def items(part: Items) -> str:
    """A list."""
    return f"<ul>{''.join(f'<li>{line(item)}</li>' for item in part.items)}</ul>"


def plot(part: Plot) -> str:
    """An image, within the page. A PNG holds its width and height at byte 16."""
    width, height = struct.unpack(">II", part.png[16:24])
    data = b64encode(part.png).decode()
    return f'<img src="data:image/png;base64,{data}" width={width} height={height} alt="{escape(part.alt)}">'


def table(part: Table) -> str:
    """A table of numbers. A narrow window scrolls it, also with the keyboard."""
    names = part.header[1:] if part.grouped else part.header
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in names)
    body = grouped_rows(part) if part.grouped else f"<tbody>{''.join(map(table_row, part.rows))}</tbody>"
    title = escape(part.title)
    return (
        f'<div class=wide role=region aria-label="{title}" tabindex=0><table><caption>{title}</caption>'
        f"<thead><tr>{head}</tr></thead>{body}</table></div>"
    )


def grouped_rows(part: Table) -> str:
    """Bodies of rows that share their first cell, which stands above them."""
    bodies = []
    for name, rows in groupby(part.rows, key=lambda cells: cells[0]):
        head = f"<tr><th scope=rowgroup colspan={len(part.header) - 1}>{line(name)}</th></tr>"
        bodies.append(f"<tbody class=group>{head}{''.join(table_row(cells[1:]) for cells in rows)}</tbody>")
    return "".join(bodies)


def table_row(cells: Sequence[Line]) -> str:
    """A row; its first cell names it."""
    name, *others = map(line, cells)
    return f"<tr><th scope=row>{name}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"


def verbatim(part: Verbatim) -> str:
    """A text with its own lines."""
    return f"<pre>{escape(part.text)}</pre>"


def beside(part: Beside) -> str:
    """A card for each reply."""
    cards = (f"<li><p>{escape(reply.label)} {verdict(reply)}</p>{said(reply)}</li>" for reply in part.replies)
    return f"<ul class=beside>{''.join(cards)}</ul>"


def listed(part: Listed) -> str:
    """A row for each reply: what was asked, what was said, and whether that is right."""
    rows = (f"<li><p>{escape(reply.label)}</p><div>{said(reply)}{verdict(reply)}</div></li>" for reply in part.replies)
    return f"<ol class=listed>{''.join(rows)}</ol>"


def said(reply: Reply) -> str:
    """The text of a reply."""
    return f"<pre>{escape(reply.text) or '(nothing)'}</pre>"


def verdict(reply: Reply) -> str:
    """Whether a reply is right, in a sign, a word and a colour."""
    return f'<b class="verdict {"right" if reply.right else "wrong"}">{escape(reply.verdict)}</b>'


def line(words: Line) -> str:
    """Text in a row."""
    return "".join(map(word, words))


def word(text: str) -> str:
    """A piece of text, of its kind."""
    for kind, tag in ((Code, "code"), (Strong, "strong"), (Interval, "small")):
        if isinstance(text, kind):
            return f"{' ' * (tag == 'small')}<{tag}>{escape(text)}</{tag}>"
    return escape(text)


WRITERS: Mapping[type, Callable[[Any], str]] = {
    Paragraph: lambda part: f"<p>{line(part.words)}</p>", Items: items, Table: table, Plot: plot, Verbatim: verbatim,
    Beside: beside, Listed: listed,
}  # fmt: skip
