"""The ledger of a study: what was done, in the order in which it was done, in the file ledger.jsonl.

Each line holds a hash of the line before it. Nobody can change, insert or leave out a line without breaking the chain
from there on. A new prediction may be sealed at any time, but the old one stays in the ledger, with its runs.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from minirl.lessons.study.seal import text_hash
from minirl.storage.files import atomic_write

LEDGER = "ledger.jsonl"


class LedgerError(ValueError):
    """A ledger that was changed by hand; the message names the line."""


def first_break(lines: Sequence[str]) -> int | None:
    """The index of the first line that does not follow from the one before it; None for a chain that is whole.

    Each line is a JSON object. Its "before" must be the `text_hash` of the line before it; in the first line it is "".
    A line that is no JSON object, or has no "before", does not follow.
    """
    before = ""
    for index, line in enumerate(lines):
        try:
            entry = json.loads(line)
        except ValueError:
            return index
        if not isinstance(entry, dict) or entry.get("before") != before:
            return index
        before = text_hash(line)
    return None


def read_ledger(folder: Path) -> list[dict[str, Any]]:
    """The entries of a ledger, the oldest first; none where there is no file. Raises LedgerError."""
    lines = lines_of(folder)
    broken = first_break(lines)
    if broken is not None:
        raise LedgerError(
            f"{folder / LEDGER}, line {broken + 1}, does not follow from the line before it: the file was changed by "
            "hand. Put back what it was, or begin a new study in a new folder"
        )
    return [json.loads(line) for line in lines]


def lines_of(folder: Path) -> list[str]:
    """The lines of a ledger."""
    path = folder / LEDGER
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def add(folder: Path, what: str, contents: Mapping[str, Any]) -> dict[str, Any]:
    """Append an entry, with the time in UTC and the hash of the line before it; returns it. Raises LedgerError."""
    read_ledger(folder)
    lines = lines_of(folder)
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    entry = {"what": what, "time": now, **contents, "before": text_hash(lines[-1]) if lines else ""}
    with atomic_write(folder / LEDGER) as file:
        file.writelines(f"{line}\n" for line in [*lines, json.dumps(entry, sort_keys=True)])
    return entry
