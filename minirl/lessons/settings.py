"""Reads lesson.toml: the part of TOML that a lesson needs, for every Python that minirl supports.

Python has a reader of TOML from 3.11 on, and minirl supports 3.10. What a lesson needs is little: tables, lists of
tables, and values that are texts, whole numbers, true, false or lists of these. A value in TOML then looks like a value
in Python, so `ast.literal_eval` reads it. A test compares the result with Python's own reader.
"""

import ast
import re
from pathlib import Path
from typing import Any

HEADER = re.compile(r"\[(\[)?\s*(\w+)\s*\]?\]\s*(#.*)?")
VALUE = re.compile(r"(\w+)\s*=\s*(.*)", re.DOTALL)
WORDS = {"true": "True", "false": "False"}


class SettingsError(ValueError):
    """A lesson.toml that cannot be read; the message names the file and the line."""


def read_settings(path: Path) -> dict[str, Any]:
    """The contents of the file at `path`. Raises SettingsError for what is not in the subset above."""
    top: dict[str, Any] = {}
    table = top
    lines = path.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        first = number = number + 1
        if not line or line.startswith("#"):
            continue
        if header := HEADER.fullmatch(line):
            table = {}
            if header[1]:
                top.setdefault(header[2], []).append(table)
            else:
                top[header[2]] = table
            continue
        found = VALUE.fullmatch(line)
        if found is None:
            raise SettingsError(f"{path}, line {first}: {line!r} is neither a [table] nor name = value")
        name, text = found.groups()
        while (value := _value(text)) is None:  # a value may go on over several lines
            if number == len(lines):
                raise SettingsError(f"{path}, line {first}: the value of {name} cannot be read, or does not end")
            text += "\n" + lines[number]
            number += 1
        table[name] = value[0]
    return top


def _value(text: str) -> tuple[Any] | None:
    """The value that the text writes down, in a tuple; None where it is unfinished or not a value."""
    text = WORDS.get(text.strip(), text)
    text = re.sub(r'"""\r?\n', '"""', text, count=1) if text.startswith('"""') else text
    try:
        return (ast.literal_eval(text),)
    except (SyntaxError, ValueError):
        return None
