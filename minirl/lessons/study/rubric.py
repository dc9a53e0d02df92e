"""The rubric of a study, from the file rubric.toml of the capstone: what a reader gives points for.

A program cannot judge whether a question matters. It can tell that a prediction was sealed before the runs, that no run
is left out and that no number is made up. So it says for each row how many points a reader can give at most, and why.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minirl.lessons.settings import read_settings
from minirl.storage import shipped

FILE = "lessons/capstone/rubric.toml"
MOST = 3
PLACE = re.compile(r"(<!-- rubric: begin -->\n).*?(<!-- rubric: end -->)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One row: what is judged, and what 0, 1, 2 and 3 points mean."""

    name: str
    points: tuple[str, ...]


@dataclass(frozen=True)
class Cap:
    """How many points a reader can give at most, and why."""

    points: int
    why: str


def rows() -> list[Row]:
    """The rubric."""
    return [Row(row["name"], tuple(row["points"])) for row in read_settings(shipped(FILE))["row"]]


def table() -> str:
    """The rubric as a table in Markdown."""
    head = ["| | 0 points | 1 point | 2 points | 3 points |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(f"| {row.name} | {' | '.join(row.points)} |" for row in rows())]) + "\n"


def with_rubric(page: str) -> str:
    """A page with the rubric between its two marks."""
    return PLACE.sub(lambda found: found[1] + table() + found[2], page)


def caps(entries: Sequence[Mapping[str, Any]], faults: Sequence[str], on_page: Sequence[str]) -> dict[str, Cap]:
    """By row, what the files allow. entries: the ledger's; faults: of the runs; on_page: of the page."""
    whole = Cap(MOST, "the files say nothing against it")
    sealed = [entry for entry in entries if entry["what"] == "seal"]
    earlier = {entry["seal"] for entry in entries if entry["what"] == "run"} - {sealed[-1]["seal"]} if sealed else set()
    found = {row.name: whole for row in rows()}
    if not sealed:
        found["prediction"] = Cap(0, "nothing is sealed")
    elif earlier:
        found["prediction"] = Cap(1, "an earlier prediction had its runs already; the page has to show both")
    else:
        found["prediction"] = Cap(MOST, f"sealed at {sealed[-1]['time']}, before its first run")
    if faults:
        found["prediction"] = found["method"] = Cap(0, "; ".join(faults))
    if on_page:
        found["result"] = found["report"] = Cap(1, "; ".join(on_page))
    return found
