"""A preference: a prompt, and two answers of which one was liked better. As a file, one JSON object a line:

    {"prompt": "Q: ...\\nReasoning:", "chosen": " 5 + 6 = 11. ...", "rejected": " 5 + 6 = 12. ...", "tie": false}

"tie": true says that both were found equally good; then the order of the two says nothing. Without "tie" there is none.
"group" may name what the prompt belongs to, where several prompts belong together; by default it is the prompt itself.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from minirl.storage.files import TEXT, append, atomic_write
from minirl.tasks.records import DataError, records, text, yes_or_no

FIELDS = {"prompt", "chosen", "rejected", "tie", "group"}


@dataclass(frozen=True)
class Pair:
    """Two answers to one prompt."""

    prompt: str
    chosen: str
    rejected: str
    tie: bool = False
    group: str = ""
    """What must stay on one side of a split. Empty: the prompt."""

    @property
    def belongs_to(self) -> str:
        """Its group."""
        return self.group or self.prompt

    def as_json(self) -> dict[str, Any]:
        """The object of its line."""
        fixed = {"prompt": self.prompt, "chosen": self.chosen, "rejected": self.rejected, "tie": self.tie}
        return fixed | ({"group": self.group} if self.group else {})


def read_pairs(path: str | PathLike[str]) -> list[Pair]:
    """The pairs of a JSONL file. Raises DataError naming the line and the field, FileNotFoundError."""
    found, line = [], 0
    for line, record in records(Path(path)):
        try:
            found.append(_pair(record))
        except ValueError as error:
            raise DataError(f"{path}, line {line}: {error}") from error
    return found


def _pair(record: dict[str, Any]) -> Pair:
    unknown = sorted(set(record) - FIELDS)
    if unknown:
        raise ValueError(f"there is a field {unknown[0]!r}; expected {', '.join(sorted(FIELDS))}")
    tie = yes_or_no(record, "tie") if "tie" in record else False
    group = text(record, "group") if "group" in record else ""
    chosen, rejected = (text(record, name, empty=True) for name in ("chosen", "rejected"))
    return Pair(text(record, "prompt"), chosen, rejected, tie, group)


def write_pairs(path: str | PathLike[str], pairs: Iterable[Pair]) -> None:
    """Write a JSONL file, atomically."""
    with atomic_write(path) as file:
        for pair in pairs:
            file.write(json.dumps(pair.as_json(), ensure_ascii=False) + "\n")


def append_pair(path: str | PathLike[str], pair: Pair) -> None:
    """Add one line to a JSONL file, whole or not at all."""
    line = json.dumps(pair.as_json(), ensure_ascii=False) + "\n"
    append(Path(path), line.encode(TEXT["encoding"], TEXT["errors"]))
