"""Docstrings are written to be read in the source: paragraphs, lists, `code` in backticks, and indented blocks for
anything that stands in columns. Sphinx's autodoc wants reStructuredText, so here they are translated."""

import ast
import re
import textwrap
from collections.abc import Callable
from itertools import takewhile

CODE = re.compile(r"`([^`\n]+)`")
SPECIAL = re.compile(r"([\\*_|`])")
ITEM = re.compile(r"([-*]|\d\.) +")
SECTION = re.compile(r"(Args|Raises|Returns):")
ARGUMENT = re.compile(r" +(\w+): (.*)")
ENUMERATOR = re.compile(
    r"\(?(\w+|#)[.)]( |$)|[-+:>=.]"
)  # what reStructuredText would take for more than a letter or sign


def to_rst(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    made: list[str] = []
    rest = list(lines)
    while rest:
        first = rest[0]
        if not first.strip():
            rest.pop(0)
            continue
        if first.startswith(" "):
            block = taken(rest, lambda line: line.startswith(" ") or not line.strip())
            made += literal(block)
        elif first.startswith("|"):
            made += literal(taken(rest, lambda line: line.startswith("|")))
        elif SECTION.fullmatch(first):
            made += [f"**{rest.pop(0)[:-1]}**", "", *arguments(taken(rest, lambda line: line.startswith(" ")))]
        elif ITEM.match(first):
            items = taken(rest, lambda line: bool(line.strip()) and (line.startswith(" ") or bool(ITEM.match(line))))
            made += [prefix + escaped(line[len(prefix) :]) for line in items if (prefix := indent(line)) is not None]
        else:
            paragraph = taken(rest, lambda line: bool(line.strip()) and not line.startswith(" "))
            made += (("\\" if ENUMERATOR.match(paragraph[0]) else "") + escaped("\n".join(paragraph))).splitlines()
        made.append("")
    return made


def taken(rest: list[str], belongs: Callable[[str], bool]) -> list[str]:
    """Take the lines from the front that belong together."""
    lines = list(takewhile(belongs, rest))
    del rest[: len(lines)]
    return lines


def literal(block: list[str]) -> list[str]:
    """Lines that are shown as they are."""
    while not block[-1].strip():
        block.pop()
    mark = ".. code-block:: python" if is_python(block) else "::"
    return [mark, "", *(f"    {line}".rstrip() for line in block)]


def is_python(block: list[str]) -> bool:
    """Whether an indented block is an example of code, and no formula or table."""
    if any(line.lstrip().startswith(">>> ") for line in block):
        return True
    try:
        return bool(ast.parse(textwrap.dedent("\n".join(block))).body)
    except SyntaxError:
        return False


def indent(line: str) -> str:
    """What stands before the text of a line of a list: spaces, or the sign of an item."""
    found = ITEM.match(line)
    return found[0] if found else line[: len(line) - len(line.lstrip())]


def arguments(lines: list[str]) -> list[str]:
    """The lines below "Args:" as a list of definitions; a line that begins no argument goes on with the last."""
    made: list[str] = []
    for line in lines:
        if found := ARGUMENT.fullmatch(line):
            made += [f"``{found[1]}``", f"    {escaped(found[2])}"]
        else:
            made.append(f"    {escaped(line.strip())}")
    return made


def escaped(text: str) -> str:
    """Text as reStructuredText: backticks mark code, and no other sign is special."""
    made, end = "", 0
    for found in CODE.finditer(text):
        before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        made += SPECIAL.sub(r"\\\1", text[end : found.start()])
        made += ("\\ " if before.isalnum() else "") + f"``{found[1]}``" + ("\\ " if after.isalnum() else "")
        end = found.end()
    return made + SPECIAL.sub(r"\\\1", text[end:])
